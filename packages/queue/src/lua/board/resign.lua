--[[
  Gives the lease up, if it is held.
  KEYS  lease  ARGV  [1] supervisor
  Returns 1 when it was held. Atomic: one script: the lease of a successor is never taken away.
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
