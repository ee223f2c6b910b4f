--[[
  Adds groups of jobs, each group all or nothing, against the bound: an add of n passes only if
  waiting + paused + prioritized + delayed + n ≤ bound, and bytes likewise. A group is one caller's add
  (one job or a bulk); the groups of one call are decided in order, each for itself.

  Composed with the pinned package's own text of addStandardJob, addDelayedJob and addPrioritizedJob as the local
  functions of these names, so that what is stored is BullMQ's layout to the letter.

  KEYS  wait paused meta id completed delayed active events marker prioritized pc
        idempotency (HASH key → [body hash, ids…]) idempotencyAge (ZSET key → ms) failed, then the six of accounts.lua
  ARGV  [1] msgpack {now ms, default bound, default maxBytes, idempotency ms to keep, most keys to keep, job key prefix}
        [2] msgpack of the groups: {n, bytes, key or nil, body hash, id of the dead letter that it replays or nil}
        then four a job, in the order of the groups: arguments, data, options (all as the stock scripts take them),
        kind 's' | 'd' | 'p' (standard, delayed, prioritized), with a 'u' behind it for a deduplication id
  Returns one array a group: {'ok', depth, id…} {'replay', id…} {'conflict'} {'exceeds', bound, maxBytes}
        {'none'} (no such dead letter) {'circuit', JSON}
        {'full', reason, depth, bound, bytes, maxBytes, paused 0|1, takes, lastTake, r0t, r0c, r1t, r1c}
  Atomic: one script; nothing of a refused group is written, and no two adds see the same free place. A dead letter and
  its replay name each other from the same moment, so that it is replayed once, whoever asks and however often.
  Cost: 6 calls + the stock script and 2 calls a job. A bulk of 10,000 holds the store for about 0.1 s.
]]
local head, groups = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
local now = head[1]
local idempotencyKey, idempotencyAgeKey = KEYS[12], KEYS[13]

local function currentDepth()
  return redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2])
    + redis.call('ZCARD', KEYS[10]) + redis.call('ZCARD', KEYS[6])
end

local policy = redis.call('HMGET', policyKey, 'bound', 'maxBytes', 'bytes', 'maxDepth',
  'takes', 'lastTake', 'r0t', 'r0c', 'r1t', 'r1c', 'circuit')
local bound, maxBytes = tonumber(policy[1]) or head[2], tonumber(policy[2]) or head[3]
local bytes, maxDepth = tonumber(policy[3]) or 0, tonumber(policy[4]) or 0
local depth = currentDepth()
local refusals = 0

-- Appends without unpack, whose stack ends at about 8,000 values.
local function listed(answer, ids)
  for _, id in ipairs(ids) do answer[#answer + 1] = id end
  return answer
end

-- An empty queue was idle: the drain rate is measured afresh from here.
local function restartRate()
  local takes = tonumber(policy[5]) or 0
  redis.call('HSET', policyKey, 'r0t', now, 'r0c', takes, 'r1t', now, 'r1c', takes)
  policy[7], policy[8], policy[9], policy[10] = now, takes, now, takes
end

local function store(position)
  local args, data, kind = ARGV[position], ARGV[position + 1], string.sub(ARGV[position + 3], 1, 1)
  local stockArgs = {args, data, ARGV[position + 2]}
  if kind == 'd' then
    return addDelayedJob({KEYS[9], KEYS[3], KEYS[4], KEYS[6], KEYS[5], KEYS[8]}, stockArgs)
  elseif kind == 'p' then
    return addPrioritizedJob(
      {KEYS[9], KEYS[3], KEYS[4], KEYS[10], KEYS[6], KEYS[5], KEYS[7], KEYS[8], KEYS[11]}, stockArgs)
  end
  return addStandardJob(
    {KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]}, stockArgs)
end

local function remember(key, bodyHash, ids)
  redis.call('HSET', idempotencyKey, key, cjson.encode({bodyHash, ids}))
  redis.call('ZADD', idempotencyAgeKey, now, key)
  local surplus = math.max(redis.call('ZCARD', idempotencyAgeKey) - head[5], 0)
  local old = surplus > 0 and redis.call('ZRANGE', idempotencyAgeKey, 0, surplus - 1)
    or redis.call('ZRANGEBYSCORE', idempotencyAgeKey, '-inf', now - head[4], 'LIMIT', 0, 100)
  if #old > 0 then
    redis.call('HDEL', idempotencyKey, unpack(old))
    redis.call('ZREM', idempotencyAgeKey, unpack(old))
  end
end

-- The first answer to this key, if it still stands.
local function replay(key, bodyHash)
  local kept = redis.call('HGET', idempotencyKey, key)
  if not kept then return nil end
  local age = tonumber(redis.call('ZSCORE', idempotencyAgeKey, key)) or 0
  if age < now - head[4] then return nil end
  local first = cjson.decode(kept)
  if first[1] ~= bodyHash then return {'conflict'} end
  return listed({'replay'}, first[2])
end

local function refuse(reason)
  refusals = refusals + 1
  local paused = redis.call('HEXISTS', KEYS[3], 'paused')
  return {'full', reason, depth, bound, bytes, maxBytes, paused, policy[5] or 0, policy[6] or 0,
    policy[7] or 0, policy[8] or 0, policy[9] or 0, policy[10] or 0}
end

-- The answer to the replay of a dead letter that is none any more, or that was replayed before.
local function replayedBefore(jobId)
  if not redis.call('ZSCORE', KEYS[14], jobId) then return {'none'} end
  local replay = redis.call('HGET', head[6] .. jobId, 'mrReplayedAs')
  return replay and {'replay', replay} or nil
end

local function linkReplay(deadId, newId, isNew)
  redis.call('HSET', head[6] .. deadId, 'mrReplayedAs', newId)
  -- What was poison takes nobody with it.
  if isNew and redis.call('HGET', head[6] .. deadId, 'mrDead') == 'poison' then
    redis.call('HSET', head[6] .. newId, 'mrSuspect', '1')
  end
end

local function addAll(group, first)
  if depth == 0 then restartRate() end
  local ids, sizes, added = {}, {}, 0
  for i = 0, group[1] - 1 do
    local position = first + i * 4
    local before = #ARGV[position + 3] == 2 and currentDepth() or nil
    local id = store(position)
    ids[#ids + 1] = id .. ''
    -- A deduplicated job is one that exists already: it takes no further place.
    if not before or currentDepth() > before then
      local size = #ARGV[position + 1]
      sizes[#sizes + 1] = id
      sizes[#sizes + 1] = size
      bytes = bytes + size
      added = added + 1
    end
  end
  for from = 1, #sizes, 4000 do
    redis.call('HSET', sizesKey, unpack(sizes, from, math.min(from + 3999, #sizes)))
  end
  depth = depth + added
  maxDepth = math.max(maxDepth, depth)
  if group[3] then remember(group[3], group[4], ids) end
  if group[5] then linkReplay(group[5], ids[1], added == 1) end
  return ids
end

local function decide(group, first)
  local known = group[3] and replay(group[3], group[4])
  known = known or group[5] and replayedBefore(group[5])
  if known then return known end
  if policy[11] then
    refusals = refusals + 1
    return {'circuit', policy[11]}
  end
  if group[1] > bound or group[2] > maxBytes then return {'exceeds', bound, maxBytes} end
  if depth + group[1] > bound then return refuse('jobs') end
  if bytes + group[2] > maxBytes then return refuse('bytes') end
  local ids = addAll(group, first)
  return listed({'ok', depth}, ids)
end

local answers, position = {}, 3
for i, group in ipairs(groups) do
  answers[i] = decide(group, position)
  position = position + group[1] * 4
end
redis.call('HSET', policyKey, 'bytes', bytes, 'maxDepth', maxDepth)
if refusals > 0 then redis.call('HINCRBY', policyKey, 'refusals', refusals) end
return answers
