--[[
  Guard of moveStalledJobsToWait, the net under the net: what it returns counts towards the bound again. A lock runs out
  by a death that no supervisor saw, or because the store was away for longer than it lives. So it is a death only if
  the start was declared dead. Else a job is a suspect from the second time on (the stock script counts them in `stc`),
  which fails nobody: a poison job is bounded while all supervisors are away, by the deaths of the process that it runs
  in alone, or by the stock script's own limit.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last two ARGV are poison.kills (0: deaths are not
  counted) and start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 1 call + 10 a stalled job (2 more
  while the ledger is read, so that the ledger misses no start that has ended).
]]
if isFenced(ARGV[#ARGV]) then return FENCED end
local SUSPECT_STALLS = 2
local limit, now = tonumber(ARGV[#ARGV - 1]), storeNow()
local stalled = stock(KEYS, ARGV)
for _, jobId in ipairs(stalled) do
  local jobKey = ARGV[2] .. jobId
  countReturn(jobId, jobKey)
  local job = redis.call('HMGET', jobKey, 'processedOn', 'ats', 'pb', 'stc', 'mrSuspect', 'mrKills', 'mrKilledBy',
    'mrSpared', 'mrSparedBy', 'mrAlone')
  local worker, startNumber = job[3] or '', tonumber(job[2]) or 0
  rememberAttempt(jobKey,
    {s = startNumber, w = worker, a = tonumber(job[1]), e = now, o = 'killed', c = 'stalled'})
  appendLedger(ledgerView(jobKey), jobId, worker, 'killed', 'stalled', '', now, 0)
  if limit > 0 and redis.call('ZSCORE', fencedKey, worker) then
    local line = cjson.encode({d = worker, s = startNumber, a = now})
    local marks = {job[5], job[6], job[7], job[8], job[9], job[10]}
    redis.call('HSET', jobKey, unpack(afterDeath(marks, line, job[2] or '0', false, limit)))
  elseif limit > 0 and tonumber(job[4]) >= SUSPECT_STALLS then
    redis.call('HSET', jobKey, 'mrSuspect', '1')
  end
end
return stalled
