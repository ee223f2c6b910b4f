--[[
  Opens or lifts the circuit of a queue: while it is open the queue is paused and adds are refused (add.lua). A pause
  that a person ordered, before or meanwhile (guards/pause.lua), outlives it: policy.circuitHeld.
  Composed with the pinned package's own pause as the local function `stock`.

  KEYS  wait paused meta prioritized events delayed marker, then the six of accounts.lua
  ARGV  [1] JSON of the circuit, or '' to lift it
  Returns 1 when the queue was paused or resumed by it, else 0. Idempotent; told again while it is open, it pauses again
  a queue that a stock client has resumed. Atomic: one script. Cost: 4 calls, + stock.
]]
local wait, paused, meta = KEYS[1], KEYS[2], KEYS[3]
local open = redis.call('HEXISTS', policyKey, 'circuit') == 1

local function pause()
  stock({wait, paused, meta, KEYS[4], KEYS[5], KEYS[6], KEYS[7]}, {'paused', '1'})
  return 1
end
local function resume()
  stock({paused, wait, meta, KEYS[4], KEYS[5], KEYS[6], KEYS[7]}, {'resumed', '1'})
  return 1
end

if ARGV[1] ~= '' then
  local isPaused = redis.call('HEXISTS', meta, 'paused') == 1
  if isPaused and not open then redis.call('HSET', policyKey, 'circuitHeld', 1) end
  redis.call('HSET', policyKey, 'circuit', ARGV[1])
  return isPaused and 0 or pause()
end
if not open then return 0 end
local held = redis.call('HGET', policyKey, 'circuitHeld')
redis.call('HDEL', policyKey, 'circuit', 'circuitHeld')
return held and 0 or resume()
