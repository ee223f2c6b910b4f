--[[
  Declares a start dead for this queue: from now on its takes, finishes, progress, data and logs are refused.
  Wakes another worker, since the dead one may have swallowed the marker.
  KEYS  meta marker, then the six of accounts.lua
  ARGV  [1] start id  [2] now ms  [3] ms to remember the dead
  Returns 1 when it was not fenced before, else 0. Idempotent: the first time stands. Cost: 5 calls.
]]
local start, now = ARGV[1], tonumber(ARGV[2])
local added = redis.call('ZADD', fencedKey, 'NX', now, start)
local forgotten = redis.call('ZRANGEBYSCORE', fencedKey, '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 100)
if #forgotten > 0 then
  redis.call('ZREM', fencedKey, unpack(forgotten))
  redis.call('HDEL', refusedKey, unpack(forgotten))
end
if redis.call('HEXISTS', KEYS[1], 'paused') == 0 then redis.call('ZADD', KEYS[2], 0, '0') end
return added
