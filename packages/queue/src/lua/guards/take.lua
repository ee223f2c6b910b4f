--[[
  Guard of moveToActive: a fenced start takes nothing, and passes on the marker that woke it; a take is counted.
  KEYS, ARGV: the stock script's, then the six of accounts.lua, then start id as the last ARGV.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 4 calls.
]]
local start = ARGV[#ARGV]
if isFenced(start) then
  local waiting = redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[3]) + redis.call('ZCARD', KEYS[7])
  if waiting > 0 and redis.call('HEXISTS', KEYS[9], 'paused') == 0 then redis.call('ZADD', KEYS[11], 0, '0') end
  return FENCED
end
local result = stock(KEYS, ARGV)
if type(result) == 'table' and type(result[1]) == 'table' then countTake(result[2], tonumber(ARGV[2])) end
return result
