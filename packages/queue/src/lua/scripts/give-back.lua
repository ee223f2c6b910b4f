--[[
  Gives jobs that one start holds back to the head of the queue: reclaim of the dead, hand-back of the draining,
  and a live worker's return of jobs whose take was answered into the void. Compare-and-set on the lock's prefix,
  so it may be called by anybody, at any time, any number of times: only jobs locked by that start move, at most
  `limit` a call. No attempt and no stall is counted.

  KEYS  wait active prioritized stalled meta events marker, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] now ms  [3] start id  [4] outcome 'killed' | 'returned'  [5] cause
        [6] limit  [7] '1': only if the start is fenced  [8] msgpack of job ids, or '' for all it holds
  Returns {id…} in the order in which they will start, or NOT_FENCED (-79).
  Atomic: one script. Order: the active list holds the newest first; pushing newest first leaves the oldest at the
  head, and a later call (older jobs) goes ahead of it.
  Cost: one LRANGE and one GET an active job scanned (about 0.3 ms for 1,000), + 9 calls a job moved.
]]
local NOT_FENCED = -79
local waitKey, activeKey, prioritizedKey, stalledKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local metaKey, eventsKey, markerKey = KEYS[5], KEYS[6], KEYS[7]
local prefix, now, start, outcome, cause, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
if ARGV[7] == '1' and not redis.call('ZSCORE', fencedKey, start) then return NOT_FENCED end

local maxEvents = tonumber(redis.call('HGET', metaKey, 'opts.maxLenEvents')) or 10000

local function pushHead(jobId, jobKey)
  local priority = tonumber(redis.call('HGET', jobKey, 'priority')) or 0
  if priority > 0 then
    -- Counter 0: ahead of all others of its priority.
    redis.call('ZADD', prioritizedKey, priority * 0x100000000, jobId)
  else
    redis.call('RPUSH', waitKey, jobId)
  end
end

local function giveBack(jobId)
  local jobKey = prefix .. jobId
  local view = ledgerView(jobKey)
  local job = redis.call('HMGET', jobKey, 'processedOn', 'ats')
  redis.call('LREM', activeKey, 1, jobId)
  redis.call('DEL', jobKey .. ':lock')
  redis.call('SREM', stalledKey, jobId)
  pushHead(jobId, jobKey)
  countReturn(jobId, jobKey)
  rememberAttempt(jobKey, {s = tonumber(job[2]), w = start, a = tonumber(job[1]), e = tonumber(now), o = outcome, c = cause})
  appendLedger(view, jobId, start, outcome, cause, '', now, 0)
  redis.call('XADD', eventsKey, 'MAXLEN', '~', maxEvents, '*', 'event', 'waiting', 'jobId', jobId, 'prev', 'active')
end

local wanted
if ARGV[8] ~= '' then
  wanted = {}
  for _, jobId in ipairs(cmsgpack.unpack(ARGV[8])) do wanted[jobId] = true end
end

local moved = {}
for _, jobId in ipairs(redis.call('LRANGE', activeKey, 0, -1)) do
  if #moved >= limit then break end
  if (not wanted or wanted[jobId]) and holdsLock(start, prefix .. jobId) then
    giveBack(jobId)
    moved[#moved + 1] = jobId
  end
end
-- Also with nothing moved: a frozen worker may have swallowed the marker.
if redis.call('HEXISTS', metaKey, 'paused') == 0 then redis.call('ZADD', markerKey, 0, '0') end
return moved
