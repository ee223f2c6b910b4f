--[[
  Writes a recovery's record if it still is what the writer read, so that no replica's share of it is lost. Text is
  compared with text: numbers never pass through Lua.
  KEYS  recoveries (HASH id → JSON)  recoveryOrder (ZSET id → ms of the death)
  ARGV  [1] id  [2] the text that was read, '' for none  [3] the new text  [4] ms of the death  [5] most to keep
  Returns 1 when it was written, else the text that is there now ('' for none). Atomic: one script.
]]
local there = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if there ~= ARGV[2] then return there end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
local surplus = redis.call('ZRANGE', KEYS[2], 0, -tonumber(ARGV[5]) - 1)
if #surplus > 0 then
  redis.call('HDEL', KEYS[1], unpack(surplus))
  redis.call('ZREM', KEYS[2], unpack(surplus))
end
return 1
