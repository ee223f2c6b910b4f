--[[
  Shared by every guarded script and by our own: who may act, and what is counted. Not a script by itself;
  backend/compose.ts puts it in front of one.

  KEYS (the last six of every such script, in this order)
    fenced   ZSET  start id → ms when it was declared dead
    refused  HASH  start id → calls refused since, one for each job of a set
    policy   HASH  bound, maxBytes, bytes, maxDepth, refusals, takes, lastTake,
                   r0t r0c (recent mark of the drain rate: ms and takes then), r1t r1c (the mark before it),
                   ledgerTrimmed (entries that we took out of the ledger),
                   circuit (JSON, while it is open), circuitHeld (a person paused the queue as well)
    sizes    HASH  job id → bytes of its data, while it counts towards the bound
    ledger   STREAM one entry an ended attempt, while a reader is registered
    readers  HASH  reader → cursor

  Invariant: policy.bytes is the sum of `sizes`; both change in the same script, so no crash parts them.
]]
local keyCount = #KEYS
local fencedKey, refusedKey, policyKey = KEYS[keyCount - 5], KEYS[keyCount - 4], KEYS[keyCount - 3]
local sizesKey, ledgerKey, readersKey = KEYS[keyCount - 2], KEYS[keyCount - 1], KEYS[keyCount]

-- The code of a refused call; backend/refusals.ts turns it into an error.
local FENCED = -77
local LOCK_LOST = -78
-- The drain rate is taken over windows of at least this many ms and takes.
local MARK_MS, MARK_TAKES = 1000, 8

-- Ms since 1970 by the store's own clock: that of a process may have jumped, and what it asks may have waited.
local function storeNow()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- True, and counted, when this start was declared dead. `calls`: as so many, for a set of jobs.
local function isFenced(start, calls)
  if start == '' or not redis.call('ZSCORE', fencedKey, start) then return false end
  redis.call('HINCRBY', refusedKey, start, calls or 1)
  return true
end

-- True when the lock of the job is one of this start's (tokens are "<start>:<n>").
local function holdsLock(start, jobKey)
  local token = redis.call('GET', jobKey .. ':lock')
  return token and string.sub(token, 1, #start + 1) == start .. ':'
end

-- Jobs left the depth because they were taken at `now` (ms).
local function countTakes(jobIds, now)
  if #jobIds == 0 then return end
  local policy = redis.call('HMGET', policyKey, 'bytes', 'takes', 'r0t', 'r0c')
  local takes = (tonumber(policy[2]) or 0) + #jobIds
  local changes = {'takes', takes, 'lastTake', now}
  local bytes = 0
  for _, size in ipairs(redis.call('HMGET', sizesKey, unpack(jobIds))) do bytes = bytes + (tonumber(size) or 0) end
  if redis.call('HDEL', sizesKey, unpack(jobIds)) > 0 then
    changes[#changes + 1] = 'bytes'
    changes[#changes + 1] = (tonumber(policy[1]) or 0) - bytes
  end
  local markedAt, markedTakes = tonumber(policy[3]), tonumber(policy[4]) or 0
  if markedAt and now - markedAt >= MARK_MS and takes - markedTakes >= MARK_TAKES then
    for _, change in ipairs({'r1t', markedAt, 'r1c', markedTakes, 'r0t', now, 'r0c', takes}) do
      changes[#changes + 1] = change
    end
  end
  redis.call('HSET', policyKey, unpack(changes))
end

-- A job came back to the depth (retried, delayed, handed back, reclaimed): never refused, but counted.
local function countReturn(jobId, jobKey)
  local size = redis.call('HSTRLEN', jobKey, 'data')
  if redis.call('HSETNX', sizesKey, jobId, size) == 1 then
    redis.call('HINCRBY', policyKey, 'bytes', size)
  end
end

-- A job left the depth without being taken.
local function countRemoval(jobId)
  local size = redis.call('HGET', sizesKey, jobId)
  if size then
    redis.call('HDEL', sizesKey, jobId)
    redis.call('HINCRBY', policyKey, 'bytes', -tonumber(size))
  end
end

-- The start id in a lock token.
local function startOf(token)
  return token and string.match(token, '^(.*):[^:]*$') or ''
end

-- A job's own memory of its attempts with one more: shown by the API, gone with the job. The last 8 KiB are kept.
local function withAttempt(past, attempt)
  past = past or ''
  if #past > 8192 then past = string.match(past, '\n(.*)$', #past - 4096) or '' end
  return past .. cjson.encode(attempt) .. '\n'
end

local function rememberAttempt(jobKey, attempt)
  redis.call('HSET', jobKey, 'mrAttempts', withAttempt(redis.call('HGET', jobKey, 'mrAttempts'), attempt))
end

local function ledgerIsRead() return redis.call('EXISTS', readersKey) == 1 end

-- What the ledger needs of a job that a stock script may remove: read it before.
local function viewOf(jobKey)
  return redis.call('HMGET', jobKey, 'name', 'data', 'timestamp', 'processedOn', 'ats', 'atm', 'opts')
end

-- The same of one job; nil when nobody reads the ledger.
local function ledgerView(jobKey) return ledgerIsRead() and viewOf(jobKey) or nil end

-- Appends one ended attempt. `stamps` is "startedUs:doneUs" of the worker, or '' when it could not tell.
local function appendLedger(view, jobId, start, outcome, value, stamps, now, counted)
  if not view then return end
  local enqueuedUs = string.match(view[7] or '', '"enqueuedUs":"(%d+)"') or ((view[3] or '0') .. '000')
  local startedUs, doneUs = string.match(stamps or '', '^(%d+):(%d+)$')
  redis.call('XADD', ledgerKey, '*', 'id', jobId, 'name', view[1] or '', 'outcome', outcome, 'worker', start,
    'attempt', (tonumber(view[6]) or 0) + counted, 'start', view[5] or '0', 'enqueuedUs', enqueuedUs,
    'takenMs', view[4] or '0', 'startedUs', startedUs or ((view[4] or '0') .. '000'), 'doneUs', doneUs or (now .. '000'),
    'value', value or '', 'data', view[2] or '')
end
