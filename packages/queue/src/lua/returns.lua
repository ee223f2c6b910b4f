--[[
  How running jobs go back to the head of their queue. Shared by the scripts that do it; backend/compose.ts puts it
  behind accounts.lua. Their first seven KEYS are these:
    wait active prioritized stalled meta events marker
  The caller takes the jobs out of the active list.
]]
local waitKey, activeKey, prioritizedKey, stalledKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local metaKey, eventsKey, markerKey = KEYS[5], KEYS[6], KEYS[7]

-- A job that is to return: `hash` begins with processedOn, ats, priority and mrAttempts, then `more`.
local function returning(prefix, jobId, ...)
  local key = prefix .. jobId
  return {id = jobId, key = key,
    hash = redis.call('HMGET', key, 'processedOn', 'ats', 'priority', 'mrAttempts', ...)}
end

-- The last goes furthest ahead.
local function pushHead(jobs)
  local waiting = {}
  for _, job in ipairs(jobs) do
    local priority = tonumber(job.hash[3]) or 0
    if priority > 0 then
      -- Counter 0: ahead of all others of its priority.
      redis.call('ZADD', prioritizedKey, priority * 0x100000000, job.id)
    else
      waiting[#waiting + 1] = job.id
    end
  end
  if #waiting > 0 then redis.call('RPUSH', waitKey, unpack(waiting)) end
end

-- They count towards the bound again.
local function countReturns(jobs)
  local ids, sizes, bytes, seen = {}, {}, 0, {}
  for i, job in ipairs(jobs) do ids[i] = job.id end
  for i, counted in ipairs(redis.call('HMGET', sizesKey, unpack(ids))) do
    if not counted and not seen[ids[i]] then
      seen[ids[i]] = true
      local size = redis.call('HSTRLEN', jobs[i].key, 'data')
      sizes[#sizes + 1], sizes[#sizes + 2] = ids[i], size
      bytes = bytes + size
    end
  end
  if #sizes > 0 then redis.call('HSET', sizesKey, unpack(sizes)) end
  if bytes > 0 then redis.call('HINCRBY', policyKey, 'bytes', bytes) end
end

--[[
  No attempt and no stall is counted. A job may bring fields of its own to be set: `job.set`.
  3 calls a job, 2 more while the ledger is read, 8 for all.
]]
local function returnToHead(jobs, outcome, now)
  local locks, ids = {}, {}
  for i, job in ipairs(jobs) do locks[i], ids[i] = job.key .. ':lock', job.id end
  -- First, since it needs no memory: a store that is full lets a script that has begun to write go on.
  redis.call('DEL', unpack(locks))
  redis.call('SREM', stalledKey, unpack(ids))
  pushHead(jobs)
  countReturns(jobs)
  local maxEvents = tonumber(redis.call('HGET', metaKey, 'opts.maxLenEvents')) or 10000
  local isRead = ledgerIsRead()
  for i, job in ipairs(jobs) do
    local attempt = {s = tonumber(job.hash[2]), w = job.start, a = tonumber(job.hash[1]), e = tonumber(now),
      o = outcome, c = job.cause}
    redis.call('HSET', job.key, 'mrAttempts', withAttempt(job.hash[4], attempt), unpack(job.set or {}))
    if isRead then appendLedger(viewOf(job.key), job.id, job.start, outcome, job.cause, '', now, 0) end
    if i == #jobs then
      redis.call('XADD', eventsKey, 'MAXLEN', '~', maxEvents, '*', 'event', 'waiting', 'jobId', job.id, 'prev', 'active')
    else
      redis.call('XADD', eventsKey, '*', 'event', 'waiting', 'jobId', job.id, 'prev', 'active')
    end
  end
end

-- Workers that one call wakes at once: a marker wakes one, whose take wakes the next, a round trip each.
local MOST_WOKEN = 8

-- For `jobs` that came back; also for none, since a frozen worker may have swallowed the marker. One too many costs
-- a look. BullMQ's own markers are '0' and, for the next delayed job, '1'.
local function wake(jobs)
  if redis.call('HEXISTS', metaKey, 'paused') == 1 then return end
  local markers = {0, '0'}
  for i = 1, math.min(jobs, MOST_WOKEN) - 1 do
    markers[#markers + 1] = 0
    markers[#markers + 1] = 'r' .. i
  end
  redis.call('ZADD', markerKey, unpack(markers))
end
