--[[
  Completes jobs in a set, and takes the next for those that want one. What all jobs of the set need, one call reads or
  writes for all. A job that has a parent by now is completed by the stock script, within this one; jobs with a
  deduplication id, which is written at the add and never later, do not come here.

  KEYS  1 to 11 the stock moveToActive's (take-set.lua), 12 completed, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] start id  [3] options, JSON: the worker's name, lockDuration, limiter and keepJobs as the
        stock scripts take them  [4] number of jobs, then seven a job: id, lock token, start number, return value, '1' when
        the next is to be taken, stamps for the ledger, attempts made with this one
  Returns {now ms, result…}, one a job in their order: 0, a negative number of the stock moveToFinished, or what the stock
  script returns of a job taken or of there being none, its delay by the store's clock. FENCED when the start is dead.
  Atomic: one script; every job is judged before anything is written, and one whose lock is lost fails no other. Told again
  after an answer was lost, what was completed is 0, as long as the job is kept.
  Cost: 11 calls + 4 a job, + 1 a job while the ledger is read, + 10 and 4 a job for takes (take-set.lua), + 3 for what
  retention drops; when nothing is left to take the stock moveToActive's, and 4.
]]
local prefix, start, options, count = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
if isFenced(start, count) then return FENCED end
local now = storeNow()
local nowText = string.format('%.0f', now)
local keptCount, keptAge = options.keepJobs.count, options.keepJobs.age
-- Old jobs that go in one call at most; what is left goes with the next.
local MOST_DROPPED = 256

local function drop(ids)
  local keys, n = {}, 0
  for i = 1, #ids do
    local key = prefix .. ids[i]
    keys[n + 1], keys[n + 2], keys[n + 3] = key, key .. ':logs', key .. ':dependencies'
    keys[n + 4], keys[n + 5], keys[n + 6] = key .. ':processed', key .. ':failed', key .. ':unsuccessful'
    n = n + 6
  end
  redis.call('DEL', unpack(keys))
end

-- Beyond the newest `keptCount`, or older than `keptAge` seconds: both cut the same end.
local function dropOld()
  local old = 0
  if keptCount and keptCount > 0 then old = redis.call('ZCARD', KEYS[12]) - keptCount end
  if keptAge then old = math.max(old, redis.call('ZCOUNT', KEYS[12], '-inf', now - keptAge * 1000)) end
  if old <= 0 then return end
  local ids = redis.call('ZRANGE', KEYS[12], 0, math.min(old, MOST_DROPPED) - 1)
  drop(ids)
  redis.call('ZREM', KEYS[12], unpack(ids))
end

-- A job whose lock is not ours: why the stock script would refuse it; 0 if that is because we have completed it before.
local function refusal(job, lock)
  local fields = redis.call('HMGET', job.key, 'timestamp', 'pb', 'ats')
  if not fields[1] then return -1 end
  local wasOurs = fields[2] == start and fields[3] == job.number
  if wasOurs and redis.call('ZSCORE', KEYS[12], job.id) then return 0 end
  return lock and -6 or -2
end

-- A job whose lock is ours: what it has of a family, and what the ledger needs of it.
local function look(job, isRead)
  if isRead then
    job.view = viewOf(job.key)
    job.parent = redis.call('HGET', job.key, 'parentKey')
    return job.view[3]
  end
  local fields = redis.call('HMGET', job.key, 'timestamp', 'parentKey')
  job.parent = fields[2]
  return fields[1]
end

local function childrenOf(job)
  if redis.call('EXISTS', job.key .. ':dependencies') == 1 then return -4 end
  return redis.call('EXISTS', job.key .. ':unsuccessful') == 1 and -9 or 0
end

local function tellLedger(job) appendLedger(job.view, job.id, start, 'completed', job.value, job.stamps, now, 1) end

local function completeByStock(job)
  local own = {name = options.name, lockDuration = options.lockDuration, keepJobs = options.keepJobs, maxMetricsSize = '',
    attempts = 0, token = job.token}
  local keys = {unpack(KEYS, 1, 10)}
  keys[11], keys[12], keys[13], keys[14] = KEYS[12], job.key, prefix .. 'metrics:completed', KEYS[11]
  local result = completeOne(keys,
    {job.id, now, 'returnvalue', job.value, 'completed', '0', prefix, cmsgpack.pack(own), ''})
  if result == 0 then tellLedger(job) end
  return result
end

-- Plain jobs whose locks are ours. LREM tells whether a job was active: what was not is not completed.
local function completePlain(plain, locks, results)
  local held, ids, members = {}, {}, {}
  for n, job in ipairs(plain) do held[n], ids[n] = locks[job.at], job.id end
  redis.call('DEL', unpack(held))
  redis.call('SREM', KEYS[5], unpack(ids))
  redis.call('XTRIM', KEYS[4], 'MAXLEN', '~', redis.call('HGET', KEYS[9], 'opts.maxLenEvents') or 10000)
  ids = {}
  for _, job in ipairs(plain) do
    if redis.call('LREM', KEYS[2], -1, job.id) == 0 then
      results[job.at] = -3
    else
      tellLedger(job)
      if keptCount ~= 0 then
        redis.call('HSET', job.key, 'atm', job.attempts, 'returnvalue', job.value, 'finishedOn', nowText)
      end
      redis.call('XADD', KEYS[4], '*', 'event', 'completed', 'jobId', job.id, 'returnvalue', job.value, 'prev', 'active')
      ids[#ids + 1] = job.id
      members[#members + 1] = nowText
      members[#members + 1] = job.id
    end
  end
  if #ids == 0 then return end
  if keptCount == 0 then return drop(ids) end
  redis.call('ZADD', KEYS[12], unpack(members))
  dropOld()
end

-- As the stock script, after the end of a job that brought no other and left none waiting.
local function tellDrained(none)
  if none and (none[3] ~= 0 or none[4] ~= 0) then return end
  if redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('ZCARD', KEYS[3]) > 0 then return end
  if redis.call('HEXISTS', KEYS[9], 'paused') == 0 then redis.call('XADD', KEYS[4], '*', 'event', 'drained') end
end

local jobs, locks, family = {}, {}, {}
for i = 1, count do
  local at = 4 + (i - 1) * 7
  local key = prefix .. ARGV[at + 1]
  jobs[i] = {at = i, id = ARGV[at + 1], key = key, token = ARGV[at + 2], number = ARGV[at + 3], value = ARGV[at + 4],
    takes = ARGV[at + 5] == '1', stamps = ARGV[at + 6], attempts = ARGV[at + 7]}
  locks[i], family[2 * i - 1], family[2 * i] = key .. ':lock', key .. ':dependencies', key .. ':unsuccessful'
end
local held = redis.call('MGET', unpack(locks))
local hasChildren = redis.call('EXISTS', unpack(family)) > 0
local isRead = ledgerIsRead()

local results, plain, children = {}, {}, {}
for i, job in ipairs(jobs) do
  if held[i] ~= job.token then
    results[i] = refusal(job, held[i])
    -- Told again, it has taken already: what that was, the audit gives back.
    job.takes = false
  elseif not look(job, isRead) then
    results[i] = -1
  else
    results[i] = hasChildren and childrenOf(job) or 0
    if results[i] == 0 then table.insert(job.parent and children or plain, job) end
  end
end
if #plain > 0 then completePlain(plain, locks, results) end
for _, job in ipairs(children) do results[job.at] = completeByStock(job) end

local tokens, takers = {}, {}
for i, job in ipairs(jobs) do
  if results[i] == 0 and job.takes then
    tokens[#tokens + 1] = job.token
    takers[#takers + 1] = i
  end
end
-- What is completed stays so and is answered. A next job that cannot be taken is met by the worker's own take.
local isTaken, takes, none = pcall(takeSet, takeOne, KEYS, prefix, tokens, options, now)
if not isTaken then takes, none = {}, {0, 0, 0, 0} end
for n, i in ipairs(takers) do results[i] = takes[n] or none end
if #takes == 0 and #plain > 0 then tellDrained(none) end
table.insert(results, 1, now)
return results
