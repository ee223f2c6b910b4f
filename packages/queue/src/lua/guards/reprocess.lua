--[[
  Guard of reprocessJob (an operator runs a finished job again): it counts towards the bound again, and its kills are
  forgiven; what died as poison stays a suspect, so that it takes nobody with it. The attempt that ended it is remembered
  with those before: the next goes on with its spans, and was due from now on.
  KEYS, ARGV: the stock script's (KEYS[1] is the job, ARGV[1] its id), then the six of accounts.lua; the last
  ARGV is the start id. Returns what the stock script returns. Atomic: one script. Cost: stock + 10 calls.
]]
local before = redis.call('HMGET', KEYS[1], 'processedOn', 'ats', 'pb', 'finishedOn', 'failedReason')
local result = stock(KEYS, ARGV)
if result == 1 then
  countReturn(ARGV[1], KEYS[1])
  local outcome, now = ARGV[4], storeNow()
  rememberAttempt(KEYS[1], {s = tonumber(before[2]), w = before[3] or '', a = tonumber(before[1]),
    e = tonumber(before[4]) or now, o = outcome, x = outcome == 'failed' and before[5] or nil, d = now})
  forgiveDeath(KEYS[1])
end
return result
