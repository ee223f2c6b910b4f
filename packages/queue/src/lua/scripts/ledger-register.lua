--[[
  Registers a reader of the ledger at its present end, or ends one.
  KEYS  readersSeen, then the six of accounts.lua
  ARGV  [1] 'register' | 'end'  [2] reader
  Returns the reader's cursor, or for 'end' 1 when there was one, else 0. The last reader's end deletes the stream.
  Atomic: one script: every attempt that ends after it is in the ledger.
]]
if ARGV[1] == 'end' then
  local removed = redis.call('HDEL', readersKey, ARGV[2])
  redis.call('ZREM', KEYS[1], ARGV[2])
  if redis.call('HLEN', readersKey) == 0 then redis.call('DEL', ledgerKey) end
  return removed
end
local now = storeNow()
local own = redis.call('HGET', readersKey, ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[2])
if own then return own end
if redis.call('EXISTS', ledgerKey) == 0 then redis.call('HSET', policyKey, 'ledgerTrimmed', 0) end
-- A first entry that nobody reads gives the stream an end to stand at, and a later gap something to be seen by.
local cursor = redis.call('XADD', ledgerKey, '*', 'registered', ARGV[2])
redis.call('HSET', readersKey, ARGV[2], cursor)
return cursor
