--[[
  Completes jobs in a set, and takes the next for those that want one. What all jobs of the set need, one call reads or
  writes for all. For plain jobs: what has a parent or a deduplication id does not come here, as its worker knows from its
  hash, where neither is written while it runs; what got children while it ran is the stock script's.

  KEYS  1 to 11 the stock moveToActive's (take-set.lua), 12 completed, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] start id  [3] options, JSON: the worker's name, lockDuration, limiter, keepJobs and
        maxMetricsSize as the stock scripts take them  [4] number of jobs, then seven a job: id, lock token, start number,
        return value, '1' when the next is to be taken, stamps for the ledger, attempts made with this one
  Returns {now ms, result…}, one a job in their order: 0, a negative number of the stock moveToFinished, or what the stock
  script returns of a job taken or of there being none, its delay by the store's clock. FENCED when the start is dead.
  Atomic: one script; every lock is checked before anything is written, and one that is lost fails no other job. Told again
  after an answer was lost, what was completed is: 0.
  Cost: 12 calls + 3 a job, + 2 a job while the ledger is read, + 10 and 4 a job for takes, + 2 when old jobs go.
]]
local prefix, start, options, count = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
if isFenced(start) then return FENCED end
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

-- Why the stock script would refuse a job whose lock is not ours; nil when it is because we have completed it before.
local function refusal(each, lock)
  local fields = redis.call('HMGET', each.key, 'timestamp', 'pb', 'ats')
  if not fields[1] then return -1 end
  local wasOurs = fields[2] == start and fields[3] == each.number
  if wasOurs and redis.call('ZSCORE', KEYS[12], each.id) then return nil end
  return lock and -6 or -2
end

local function completeByStock(each)
  local own = {name = options.name, lockDuration = options.lockDuration, keepJobs = options.keepJobs,
    maxMetricsSize = options.maxMetricsSize, attempts = 0, token = each.token}
  local keys = {unpack(KEYS, 1, 10)}
  keys[11], keys[12], keys[13], keys[14] = KEYS[12], each.key, prefix .. 'metrics:completed', KEYS[11]
  return completeOne(keys, {each.id, now, 'returnvalue', each.value, 'completed', '0', prefix, cmsgpack.pack(own), ''})
end

-- Beyond the newest `keptCount`, and older than `keptAge` seconds: as the stock script drops them, for all of a set.
local function dropOld()
  local old = {}
  if keptCount and keptCount > 0 then
    local over = redis.call('ZCARD', KEYS[12]) - keptCount
    if over > 0 then old = redis.call('ZRANGE', KEYS[12], 0, math.min(over, MOST_DROPPED) - 1) end
  end
  if keptAge and #old == 0 then
    old = redis.call('ZRANGEBYSCORE', KEYS[12], '-inf', now - keptAge * 1000, 'LIMIT', 0, MOST_DROPPED)
  end
  if #old == 0 then return end
  drop(old)
  redis.call('ZREM', KEYS[12], unpack(old))
end

-- Plain jobs whose locks are ours. LREM tells whether a job was active: what was not is not completed.
local function completeSet(set, locks, results)
  local held, members, ids = {}, {}, {}
  for i, each in ipairs(set) do held[i], ids[i] = locks[each.i], each.id end
  redis.call('DEL', unpack(held))
  redis.call('SREM', KEYS[5], unpack(ids))
  redis.call('XTRIM', KEYS[4], 'MAXLEN', '~', redis.call('HGET', KEYS[9], 'opts.maxLenEvents') or 10000)
  ids = {}
  for _, each in ipairs(set) do
    if redis.call('LREM', KEYS[2], -1, each.id) == 0 then
      results[each.i] = -3
    else
      appendLedger(each.view, each.id, start, 'completed', each.value, each.stamps, now, 1)
      if keptCount ~= 0 then
        redis.call('HSET', each.key, 'atm', each.attempts, 'returnvalue', each.value, 'finishedOn', nowText)
      end
      redis.call('XADD', KEYS[4], '*', 'event', 'completed', 'jobId', each.id, 'returnvalue', each.value, 'prev', 'active')
      ids[#ids + 1] = each.id
      members[#members + 1] = nowText
      members[#members + 1] = each.id
    end
  end
  if #ids == 0 then return end
  if keptCount == 0 then return drop(ids) end
  redis.call('ZADD', KEYS[12], unpack(members))
  dropOld()
end

local function tellDrained(none)
  if none and (none[3] ~= 0 or none[4] ~= 0) then return end
  if redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) > 0 then return end
  if redis.call('ZCARD', KEYS[3]) == 0 then redis.call('XADD', KEYS[4], '*', 'event', 'drained') end
end

local jobs, locks, family = {}, {}, {}
for i = 1, count do
  local at = 4 + (i - 1) * 7
  local key = prefix .. ARGV[at + 1]
  jobs[i] = {i = i, id = ARGV[at + 1], key = key, token = ARGV[at + 2], number = ARGV[at + 3], value = ARGV[at + 4],
    takes = ARGV[at + 5] == '1', stamps = ARGV[at + 6], attempts = ARGV[at + 7]}
  locks[i], family[2 * i - 1], family[2 * i] = key .. ':lock', key .. ':dependencies', key .. ':unsuccessful'
end
local tokensHeld = redis.call('MGET', unpack(locks))
local hasChildren = redis.call('EXISTS', unpack(family)) > 0
local isRead = ledgerIsRead()

local results, set = {}, {}
for i, each in ipairs(jobs) do
  if tokensHeld[i] ~= each.token then
    local code = refusal(each, tokensHeld[i])
    each.takes = each.takes and code ~= nil
    results[i] = code or 0
  else
    each.view = isRead and viewOf(each.key) or nil
    if hasChildren then
      results[i] = completeByStock(each)
      if results[i] == 0 then appendLedger(each.view, each.id, start, 'completed', each.value, each.stamps, now, 1) end
    else
      results[i] = 0
      set[#set + 1] = each
    end
  end
end
if #set > 0 then completeSet(set, locks, results) end

local tokens, takers = {}, {}
for i, each in ipairs(jobs) do
  if results[i] == 0 and each.takes then
    tokens[#tokens + 1] = each.token
    takers[#takers + 1] = i
  end
end
local takes, none = takeSet(takeOne, KEYS, prefix, tokens, options, now)
for n, i in ipairs(takers) do results[i] = takes[n] or none end
if #takes == 0 then tellDrained(none) end
table.insert(results, 1, now)
return results
