--[[
  Taking in sets. What every job of a set needs, one call reads or writes for all; each job then costs four calls, and by
  the stock script about sixteen. Shared by the scripts that take; backend/compose.ts puts it behind accounts.lua.

  `keys` are the stock moveToActive's: 1 wait, 2 active, 3 prioritized, 4 events, 5 stalled, 6 limiter, 7 delayed, 8 paused,
  9 meta, 10 priority counter, 11 marker. `options` are its options: name, lockDuration, limiter, and a token for each call.
]]

-- Looked up once: each job of a set makes eight calls.
local call = redis.call

-- A worker without name or locks, a paused or limited queue, due delayed jobs, and everything but the list of waiting jobs
-- are the stock script's to judge.
local function takesAsSet(keys, options, now)
  if options.limiter or not options.name or options.token == '0' then return false end
  local meta = call('HMGET', keys[9], 'paused', 'concurrency', 'max')
  if meta[1] or meta[2] or meta[3] then return false end
  return #call('ZRANGEBYSCORE', keys[7], 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, 1) == 0
end

-- One popped job becomes active: its lock, event and fields as the stock script writes them. What is answered is its hash as
-- it was, and when the take was: what it wrote, the worker puts behind it by itself (backend/raw-take.ts). Each string
-- of an answer costs the store as much as a field it writes.
local function activate(keys, jobKey, jobId, hash, token, name, lockMs, now)
  local starts = '1'
  for i = #hash - 1, 1, -2 do
    if hash[i] == 'ats' then
      starts = tostring((tonumber(hash[i + 1]) or 0) + 1)
      break
    end
  end
  call('SET', jobKey .. ':lock', token, 'PX', lockMs)
  call('XADD', keys[4], '*', 'event', 'active', 'jobId', jobId, 'prev', 'waiting')
  call('HSET', jobKey, 'processedOn', now, 'ats', starts, 'pb', name)
end

-- The next of the waiting jobs, with their hashes; none where one is not what it should be: the stock script then meets it
-- alone, and no other job with it.
local function nextWaiting(waitKey, prefix, most)
  local tail, ids, hashes = call('LRANGE', waitKey, -most, -1), {}, {}
  for i = #tail, 1, -1 do
    local hash = redis.pcall('HGETALL', prefix .. tail[i])
    -- A marker that an old BullMQ left in the list begins with '0:'.
    if hash.err or string.sub(tail[i], 1, 2) == '0:' then return {}, {} end
    ids[#ids + 1], hashes[#hashes + 1] = tail[i], hash
  end
  return ids, hashes
end

-- From the list of waiting jobs, one a token, as many as there are. All is read before anything is written, and the first
-- write is one that a full store refuses: then nothing has happened.
local function takeWaiting(keys, prefix, tokens, options, now)
  local ids, hashes = nextWaiting(keys[1], prefix, #tokens)
  if #ids == 0 then return {} end
  call('LPUSH', keys[2], unpack(ids))
  call('LTRIM', keys[1], 0, -#ids - 1)
  local takes = {}
  local nowText, lockMs = string.format('%.0f', now), tostring(options.lockDuration)
  for i, id in ipairs(ids) do
    activate(keys, prefix .. id, id, hashes[i], tokens[i], options.name, lockMs, nowText)
    takes[i] = {hashes[i], id, now, 0}
  end
  -- There may be more, for others.
  call('ZADD', keys[11], 0, '0')
  return takes
end

--[[
  Takes a job for each of `tokens`, which get its lock, as far as there are jobs; `takeOne` is the stock moveToActive. All are
  counted. Returns the stock script's reply for each job taken, and its reply when it had none if there were fewer.
  Cost: 10 calls + 4 a job; by the stock script, where the queue asks for it, its own for each job.
]]
local function takeSet(takeOne, keys, prefix, tokens, options, now)
  if #tokens == 0 then return {}, nil end
  local takes = takesAsSet(keys, options, now) and takeWaiting(keys, prefix, tokens, options, now) or {}
  local none
  while #takes < #tokens and not none do
    options.token = tokens[#takes + 1]
    local isFine, reply = pcall(takeOne, keys, {prefix, now, cmsgpack.pack(options)})
    if not isFine then
      -- What was taken before is to be answered; the next call meets this first.
      if #takes == 0 then error(reply) end
      reply = {0, 0, 0, 0}
    end
    if type(reply[1]) == 'table' then takes[#takes + 1] = reply else none = reply end
  end
  local ids = {}
  for i, take in ipairs(takes) do ids[i] = take[2] end
  countTakes(ids, now)
  return takes, none
end
