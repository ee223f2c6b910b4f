--[[
  Guard of moveToDelayed (retries with backoff, and snoozes): as the guard of retryJob, and a job that is taken
  in the same call is counted.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last three ARGV are stamps, verdict and start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 7 calls, + 4 when a job is taken,
  + 2 for a suspect.
]]
local start, verdict, stamps = ARGV[#ARGV], ARGV[#ARGV - 1], ARGV[#ARGV - 2]
if isFenced(start) then return FENCED end
local jobKey, jobId = KEYS[5], ARGV[3]
local counted = ARGV[6] == '0' and 1 or 0
local view = ledgerView(jobKey)
local before = redis.call('HMGET', jobKey, 'processedOn', 'ats')
local result = stock(KEYS, ARGV)
if type(result) == 'number' and result < 0 then return result end
countReturn(jobId, jobKey)
local outcome = counted == 1 and 'retried' or 'returned'
local failedReason = counted == 1 and redis.call('HGET', jobKey, 'failedReason') or nil
rememberAttempt(jobKey, {s = tonumber(before[2]), w = start, a = tonumber(before[1]), e = now, o = outcome,
  x = failedReason or nil, d = tonumber(ARGV[2]) + tonumber(ARGV[5])})
noteEnd(jobKey, verdict, false, false)
appendLedger(view, jobId, start, outcome, failedReason or 'snoozed', stamps, now, counted)
if type(result) == 'table' and type(result[1]) == 'table' then countTakes({result[2]}, now) end
return inCallersTime(result)
