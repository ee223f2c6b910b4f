--[[
  Completes jobs in a set, and takes the next for those that want one. What all jobs of the set need, one call reads or
  writes for all. A job that has a parent by now is completed by the stock script, within this one; jobs with a
  deduplication id, which is written at the add and never later, do not come here.

  KEYS  1 to 11 the stock moveToActive's (take-set.lua), 12 completed, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] start id  [3] options, JSON: the worker's name, lockDuration, limiter and keepJobs as the
        stock scripts take them  [4] number of jobs, then seven columns of as many: ids, lock tokens, start numbers, return
        values, '1' when the next is to be taken, stamps for the ledger, attempts made with this one
  Returns {now ms, result…}, one a job in their order: 0, a negative number of the stock moveToFinished, or what
  take-set.lua returns of a job taken or of there being none, its delay by the store's clock. FENCED when the start is dead.
  Atomic: one script; every job is judged before anything is written, and one whose lock is lost fails no other. Told again
  after an answer was lost, what was completed is 0, as long as the job is kept.
  Cost: 12 calls + 4 a job, + 1 a job while the ledger is read, + 10 and 4 a job for takes (take-set.lua), + 3 for what
  retention drops; when nothing is left to take the stock moveToActive's, and 4.
]]
local prefix, start, options, count = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
if isFenced(start, count) then return FENCED end
local now = storeNow()
local nowText = string.format('%.0f', now)
local keptCount, keptAge = options.keepJobs.count, options.keepJobs.age
-- Old jobs that go in one call at most; what is left goes with the next.
local MOST_DROPPED = 256

-- Columns and not a table a job: what a script leaves behind the store collects, while everybody waits.
local function column(n) return {unpack(ARGV, 5 + (n - 1) * count, 4 + n * count)} end
local ids, tokens, numbers, values = column(1), column(2), column(3), column(4)
local wants, stamps, attempts = column(5), column(6), column(7)
local jobKeys, locks, family, results = {}, {}, {}, {}
for i, id in ipairs(ids) do
  local key = prefix .. id
  jobKeys[i], locks[i] = key, key .. ':lock'
  family[2 * i - 1], family[2 * i] = key .. ':dependencies', key .. ':unsuccessful'
end

local function drop(old)
  local keys, n = {}, 0
  for i = 1, #old do
    local key = prefix .. old[i]
    keys[n + 1], keys[n + 2], keys[n + 3] = key, key .. ':logs', key .. ':dependencies'
    keys[n + 4], keys[n + 5], keys[n + 6] = key .. ':processed', key .. ':failed', key .. ':unsuccessful'
    n = n + 6
  end
  call('DEL', unpack(keys))
end

-- Beyond the newest `keptCount`, or older than `keptAge` seconds: both cut the same end.
local function dropOld()
  local old = 0
  if keptCount and keptCount > 0 then old = call('ZCARD', KEYS[12]) - keptCount end
  if keptAge then old = math.max(old, call('ZCOUNT', KEYS[12], '-inf', now - keptAge * 1000)) end
  if old <= 0 then return end
  local oldest = call('ZRANGE', KEYS[12], 0, math.min(old, MOST_DROPPED) - 1)
  drop(oldest)
  call('ZREM', KEYS[12], unpack(oldest))
end

-- A job whose lock is not ours: why the stock script would refuse it; 0 if that is because we have completed it before.
local function refusal(i, lock)
  local fields = call('HMGET', jobKeys[i], 'timestamp', 'pb', 'ats')
  if not fields[1] then return -1 end
  local wasOurs = fields[2] == start and fields[3] == numbers[i]
  if wasOurs and call('ZSCORE', KEYS[12], ids[i]) then return 0 end
  return lock and -6 or -2
end

local function childrenOf(i)
  if call('EXISTS', jobKeys[i] .. ':dependencies') == 1 then return -4 end
  return call('EXISTS', jobKeys[i] .. ':unsuccessful') == 1 and -9 or 0
end

local function tellLedger(i, view) appendLedger(view, ids[i], start, 'completed', values[i], stamps[i], now, 1) end

local function completeByStock(i)
  local own = {name = options.name, lockDuration = options.lockDuration, keepJobs = options.keepJobs, maxMetricsSize = '',
    attempts = 0, token = tokens[i]}
  local keys = {unpack(KEYS, 1, 10)}
  keys[11], keys[12], keys[13], keys[14] = KEYS[12], jobKeys[i], prefix .. 'metrics:completed', KEYS[11]
  local view = ledgerView(jobKeys[i])
  local result = completeOne(keys,
    {ids[i], now, 'returnvalue', values[i], 'completed', '0', prefix, cmsgpack.pack(own), ''})
  if result == 0 then tellLedger(i, view) end
  return result
end

-- One plain job whose lock was ours; false when it was not active: such a one is not completed.
local function completePlain(i, isRead)
  local id, key, value = ids[i], jobKeys[i], values[i]
  if call('LREM', KEYS[2], '-1', id) == 0 then return false end
  if isRead then tellLedger(i, viewOf(key)) end
  if keptCount ~= 0 then call('HSET', key, 'atm', attempts[i], 'returnvalue', value, 'finishedOn', nowText) end
  call('XADD', KEYS[4], '*', 'event', 'completed', 'jobId', id, 'returnvalue', value, 'prev', 'active')
  return true
end

-- Plain jobs, given by where they stand in the set.
local function completeAll(plain)
  local held, stalled, done, members = {}, {}, {}, {}
  for n, i in ipairs(plain) do held[n], stalled[n] = locks[i], ids[i] end
  call('DEL', unpack(held))
  call('SREM', KEYS[5], unpack(stalled))
  call('XTRIM', KEYS[4], 'MAXLEN', '~', call('HGET', KEYS[9], 'opts.maxLenEvents') or 10000)
  local isRead = ledgerIsRead()
  for _, i in ipairs(plain) do
    if completePlain(i, isRead) then
      done[#done + 1] = ids[i]
      members[#members + 1] = nowText
      members[#members + 1] = ids[i]
    else
      results[i] = -3
    end
  end
  if #done == 0 then return end
  if keptCount == 0 then return drop(done) end
  call('ZADD', KEYS[12], unpack(members))
  dropOld()
end

-- As the stock script, after the end of a job that brought no other and left none waiting.
local function tellDrained(none)
  if none and (none[3] ~= 0 or none[4] ~= 0) then return end
  if call('LLEN', KEYS[1]) + call('LLEN', KEYS[2]) + call('ZCARD', KEYS[3]) > 0 then return end
  if call('HEXISTS', KEYS[9], 'paused') == 0 then call('XADD', KEYS[4], '*', 'event', 'drained') end
end

local plain, children = {}, {}
local held = call('MGET', unpack(locks))
local hasChildren = call('EXISTS', unpack(family)) > 0
local isMissing = call('EXISTS', unpack(jobKeys)) < count
for i = 1, count do
  if held[i] ~= tokens[i] then
    results[i] = refusal(i, held[i])
    -- Told again, it has taken already: what that was, the audit gives back.
    wants[i] = '0'
  elseif isMissing and call('EXISTS', jobKeys[i]) == 0 then
    results[i] = -1
  else
    results[i] = hasChildren and childrenOf(i) or 0
    if results[i] == 0 then table.insert(call('HEXISTS', jobKeys[i], 'parentKey') == 1 and children or plain, i) end
  end
end
if #plain > 0 then completeAll(plain) end
for _, i in ipairs(children) do results[i] = completeByStock(i) end

local taking, takers = {}, {}
for i = 1, count do
  if results[i] == 0 and wants[i] == '1' then
    taking[#taking + 1] = tokens[i]
    takers[#takers + 1] = i
  end
end
-- What is completed stays so and is answered. A next job that cannot be taken is met by the worker's own take.
local isTaken, takes, none = pcall(takeSet, takeOne, KEYS, prefix, taking, options, now)
if not isTaken then takes, none = {}, {0, 0, 0, 0} end
for n, i in ipairs(takers) do results[i] = takes[n] or none end
if #takes == 0 and #plain > 0 then tellDrained(none) end
table.insert(results, 1, now)
return results
