--[[
  Takes or renews the lease of the supervisor that acts on the outside.
  KEYS  lease  ARGV  [1] supervisor  [2] ms
  Returns 1 when it leads, 0 while another does. Atomic: one script; the store's clock alone says when a lease is over.
]]
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
