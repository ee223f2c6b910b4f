--[[
  Moves a reader's cursor, trims the stream behind the slowest reader, and tells whether entries are missing. The page
  itself is read by a plain XRANGE just before: through Lua a thousand entries would hold the store for 15 ms. What
  another read trimmed before the page was read shows here as a gap; what is trimmed now is in the page.
  KEYS  readersSeen (ZSET reader → ms), then the six of accounts.lua
  ARGV  [1] reader  [2] cursor behind which the page begins
  Returns gap 0|1, or -1 when there is no such reader. A gap: entries are missing that this script did not trim
  (the stream's own count of all it was ever given proves it), or the cursor lies before its start.
  Atomic: one script, so that nothing is trimmed that another reader has yet to see. Cost: 9 calls; whole nodes of the
  stream are trimmed, of 100 entries each, so up to one node's worth of what was read stays.
]]
local reader, after = ARGV[1], ARGV[2]
local now = storeNow()
if redis.call('HEXISTS', readersKey, reader) == 0 then return -1 end
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
redis.call('HINCRBY', policyKey, 'ledgerTrimmed', redis.call('XTRIM', ledgerKey, 'MINID', '~', slowest))

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
return hasGap() and 1 or 0
