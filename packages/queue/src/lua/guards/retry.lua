--[[
  Guard of retryJob: a fenced start retries nothing; the job counts towards the bound again; a suspect that only failed
  is none any more.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last three ARGV are stamps, verdict and start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 7 calls, + 1 ledger,
  + 2 for a suspect.
]]
local start, verdict, stamps = ARGV[#ARGV], ARGV[#ARGV - 1], ARGV[#ARGV - 2]
if isFenced(start) then return FENCED end
local jobKey, jobId = KEYS[4], ARGV[4]
local view = ledgerView(jobKey)
local before = redis.call('HMGET', jobKey, 'processedOn', 'ats')
local result = stock(KEYS, ARGV)
if result ~= 0 then return result end
countReturn(jobId, jobKey)
local failedReason = redis.call('HGET', jobKey, 'failedReason')
rememberAttempt(jobKey, {s = tonumber(before[2]), w = start, a = tonumber(before[1]), e = now, o = 'retried', x = failedReason or nil})
noteEnd(jobKey, verdict, false, false)
appendLedger(view, jobId, start, 'retried', failedReason, stamps, now, 1)
return result
