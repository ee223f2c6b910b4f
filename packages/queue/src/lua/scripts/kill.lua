--[[
  The process or thread that ran this job, and no other, died of it: the job is the killer. Below `limit` kills it goes
  back to the head of the queue as a suspect, no attempt counted; at the limit it stays in the caller's hands, who
  gathers the evidence and fails it for good.

  KEYS  wait active prioritized stalled meta events marker, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] now ms  [3] start id  [4] job id  [5] start number of the job (`ats`)
        [6] poison.kills  [7] cause  [8] the kill as one line of JSON
  Returns {kills, 1 when it is to fail | 0 when it went back}, FENCED or LOCK_LOST.
  Atomic: one script. Twice is once: a kill is counted once a start number, and only by the start that holds the lock.
  Cost: 19 calls and one walk of the active list.
]]
local prefix, now, start, jobId, startNumber = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, cause, line = tonumber(ARGV[6]), ARGV[7], ARGV[8]
if isFenced(start) then return FENCED end
local job = returning(prefix, jobId, 'mrKills', 'mrKilledBy', 'mrKillStart')
if not holdsLock(start, job.key) or job.hash[2] ~= startNumber then return LOCK_LOST end

-- First, since it needs no memory: a full store lets a script that has begun to write go on. A job in hands is in the
-- set of what may have stalled by accident only.
redis.call('SREM', stalledKey, jobId)
local kills = tonumber(job.hash[5]) or 0
if job.hash[7] ~= startNumber then
  kills = kills + 1
  redis.call('HSET', job.key, 'mrKills', kills, 'mrKillStart', startNumber, 'mrSuspect', '1',
    'mrKilledBy', withLine(job.hash[6], line))
end
if kills >= limit then return {kills, 1} end
job.start, job.cause = start, cause
redis.call('LREM', activeKey, 1, jobId)
returnToHead({job}, 'killed', now)
wake(1)
return {kills, 0}
