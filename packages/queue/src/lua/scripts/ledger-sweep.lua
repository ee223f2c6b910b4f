--[[
  Drops readers of the ledger that are silent, so that a ledger nobody reads does not grow for ever.
  KEYS  readersSeen (ZSET reader → ms), then the six of accounts.lua
  ARGV  [1] ms of silence after which one is dropped
  Returns how many were dropped. The last reader's end deletes the stream. Atomic: one script. Cost: 2 calls.
]]
local now = storeNow()
local dropped = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))
for _, reader in ipairs(dropped) do
  redis.call('HDEL', readersKey, reader)
  redis.call('ZREM', KEYS[1], reader)
end
if #dropped > 0 and redis.call('HLEN', readersKey) == 0 then redis.call('DEL', ledgerKey) end
return #dropped
