--[[
  Reads a page of the ledger for one reader, moves its cursor, and trims the stream past the slowest reader.
  KEYS  readersSeen (ZSET reader → ms), then the six of accounts.lua
  ARGV  [1] reader  [2] cursor to read after ('' = its own)  [3] limit  [4] now ms
  Returns {cursor, gap 0|1, entries…} or -1 when there is no such reader. A gap: entries are missing that this
  script did not trim (the stream's own count of all it was ever given proves it), or the cursor lies before its start.
  Atomic: one script, so that nothing is trimmed that another reader has yet to see.
]]
local reader, limit, now = ARGV[1], ARGV[3], ARGV[4]
local own = redis.call('HGET', readersKey, reader)
if not own then return -1 end
local after = ARGV[2] ~= '' and ARGV[2] or own
redis.call('ZADD', KEYS[1], now, reader)
redis.call('HSET', readersKey, reader, after)

local function idLess(a, b)
  local am, as = string.match(a, '^(%d+)-(%d+)$')
  local bm, bs = string.match(b, '^(%d+)-(%d+)$')
  if am ~= bm then return tonumber(am) < tonumber(bm) end
  return tonumber(as) < tonumber(bs)
end
local slowest = after
for _, cursor in ipairs(redis.call('HVALS', readersKey)) do
  if idLess(cursor, slowest) then slowest = cursor end
end
-- MINID keeps the entry at the cursor itself, so a stream that is read never gets empty.
redis.call('HINCRBY', policyKey, 'ledgerTrimmed', redis.call('XTRIM', ledgerKey, 'MINID', slowest))

local function hasGap()
  if redis.call('EXISTS', ledgerKey) == 0 then return true end
  local info, added, length, first = redis.call('XINFO', 'STREAM', ledgerKey), 0, 0, nil
  for i = 1, #info, 2 do
    if info[i] == 'entries-added' then added = info[i + 1] end
    if info[i] == 'length' then length = info[i + 1] end
    if info[i] == 'first-entry' then first = info[i + 1] end
  end
  local trimmed = tonumber(redis.call('HGET', policyKey, 'ledgerTrimmed')) or 0
  return added - length ~= trimmed or not first or idLess(after, first[1])
end
return {after, hasGap() and 1 or 0, redis.call('XRANGE', ledgerKey, '(' .. after, '+', 'COUNT', limit)}
