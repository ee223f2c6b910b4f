--[[
  Guard of moveStalledJobsToWait, the net under the net: what it returns counts towards the bound again. It is also a
  death that no supervisor saw, nobody knows whose fault: so a poison job is bounded while all supervisors are away.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last two ARGV are poison.kills (0: deaths are not
  counted) and start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 9 calls a stalled job (2 more
  while the ledger is read, so that the ledger misses no start that has ended).
]]
if isFenced(ARGV[#ARGV]) then return FENCED end
local limit, now = tonumber(ARGV[#ARGV - 1]), tonumber(ARGV[3])
local stalled = stock(KEYS, ARGV)
for _, jobId in ipairs(stalled) do
  local jobKey = ARGV[2] .. jobId
  countReturn(jobId, jobKey)
  local job = redis.call('HMGET', jobKey, 'processedOn', 'ats', 'pb', 'mrSuspect', 'mrKills', 'mrKilledBy', 'mrSpared')
  local worker, startNumber = job[3] or '', tonumber(job[2]) or 0
  rememberAttempt(jobKey,
    {s = startNumber, w = worker, a = tonumber(job[1]), e = now, o = 'killed', c = 'stalled'})
  appendLedger(ledgerView(jobKey), jobId, worker, 'killed', 'stalled', '', now, 0)
  if limit > 0 then
    local line = cjson.encode({w = worker, s = startNumber, a = now})
    local marks = {job[4], job[5], job[6], job[7]}
    redis.call('HSET', jobKey, unpack(afterDeath(marks, line, startNumber, false, limit)))
  end
end
return stalled
