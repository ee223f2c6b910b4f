--[[
  Guard of removeJob: a removed job no longer counts towards the bound.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns. Atomic: one script. Cost: stock + 1 to 3 calls.
]]
local result = stock(KEYS, ARGV)
if result == 1 then countRemoval(ARGV[1]) end
return result
