--[[
  Guard of pause: while the circuit is open the queue stays paused, whatever a person orders; the order is kept, and
  holds when the circuit lifts.
  KEYS, ARGV: the stock script's (ARGV[1] is 'paused' | 'resumed'), then the six of accounts.lua; the last ARGV is the
  start id. Returns what the stock script returns. Atomic: one script. Cost: stock + 1 call.
]]
if redis.call('HEXISTS', policyKey, 'circuit') == 0 then return stock(KEYS, ARGV) end
if ARGV[1] == 'paused' then
  redis.call('HSET', policyKey, 'circuitHeld', 1)
else
  redis.call('HDEL', policyKey, 'circuitHeld')
end
return 0
