--[[
  What a leader leaves to the next.
  KEYS  lease tree  ARGV  [1] supervisor  [2] the tree, any text
  Returns 1 when it was written, 0 when that supervisor does not lead: one that was away must not overwrite its
  successor's. Atomic: one script.
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
return 1
