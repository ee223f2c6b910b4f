--[[
  How a running job goes back to the head of its queue. Shared by the scripts that do it; backend/compose.ts puts it
  behind accounts.lua. Their first seven KEYS are these:
    wait active prioritized stalled meta events marker
  The caller takes the job out of the active list, before or after.
]]
local waitKey, activeKey, prioritizedKey, stalledKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local metaKey, eventsKey, markerKey = KEYS[5], KEYS[6], KEYS[7]

local function pushHead(jobId, priority)
  if priority > 0 then
    -- Counter 0: ahead of all others of its priority.
    redis.call('ZADD', prioritizedKey, priority * 0x100000000, jobId)
  else
    redis.call('RPUSH', waitKey, jobId)
  end
end

-- No attempt and no stall is counted. `job` is processedOn, ats and priority of its hash; about 11 calls.
local function returnToHead(jobId, jobKey, job, start, outcome, cause, now, maxEvents)
  local view = ledgerView(jobKey)
  -- First, since it needs no memory: a store that is full lets a script that has begun to write go on.
  redis.call('DEL', jobKey .. ':lock')
  redis.call('SREM', stalledKey, jobId)
  pushHead(jobId, tonumber(job[3]) or 0)
  countReturn(jobId, jobKey)
  rememberAttempt(jobKey,
    {s = tonumber(job[2]), w = start, a = tonumber(job[1]), e = tonumber(now), o = outcome, c = cause})
  appendLedger(view, jobId, start, outcome, cause, '', now, 0)
  redis.call('XADD', eventsKey, 'MAXLEN', '~', maxEvents, '*', 'event', 'waiting', 'jobId', jobId, 'prev', 'active')
end

local function mostEvents()
  return tonumber(redis.call('HGET', metaKey, 'opts.maxLenEvents')) or 10000
end

-- Also with nothing moved: a frozen worker may have swallowed the marker.
local function wake()
  if redis.call('HEXISTS', metaKey, 'paused') == 0 then redis.call('ZADD', markerKey, 0, '0') end
end
