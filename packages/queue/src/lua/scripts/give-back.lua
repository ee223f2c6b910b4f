--[[
  Gives jobs that a living start holds back to the head of the queue: hand-back of the draining, and a worker's return
  of jobs whose take was answered into the void. Compare-and-set on the lock's prefix, so it may be called by anybody,
  at any time, any number of times: only jobs locked by that start move, at most `limit` a call. No attempt and no
  stall is counted. The jobs of the dead are given back by reclaim.lua.

  KEYS  wait active prioritized stalled meta events marker, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] now ms  [3] start id  [4] cause  [5] limit
        [6] msgpack of job ids, or '' for all it holds
  Returns {id…} in the order in which they will start.
  Atomic: one script. Order: the active list holds the newest first; pushing newest first leaves the oldest at the
  head, and a later call (older jobs) goes ahead of it.
  Cost: one LRANGE and one GET an active job scanned (about 0.3 ms for 1,000), + 5 calls a job moved.
]]
local prefix, now, start, cause, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

local wanted
if ARGV[6] ~= '' then
  wanted = {}
  for _, jobId in ipairs(cmsgpack.unpack(ARGV[6])) do wanted[jobId] = true end
end

local jobs, moved = {}, {}
for _, jobId in ipairs(redis.call('LRANGE', activeKey, 0, -1)) do
  if #jobs >= limit then break end
  if (not wanted or wanted[jobId]) and holdsLock(start, prefix .. jobId) then
    local job = returning(prefix, jobId)
    job.start, job.cause = start, cause
    jobs[#jobs + 1], moved[#moved + 1] = job, jobId
    redis.call('LREM', activeKey, 1, jobId)
  end
end
if #jobs > 0 then returnToHead(jobs, 'returned', now) end
wake(#jobs)
return moved
