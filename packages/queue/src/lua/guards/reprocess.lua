--[[
  Guard of reprocessJob (an operator runs a finished job again): it counts towards the bound again.
  KEYS, ARGV: the stock script's (KEYS[1] is the job, ARGV[1] its id), then the six of accounts.lua; the last
  ARGV is the start id. Returns what the stock script returns. Atomic: one script. Cost: stock + 3 calls.
]]
local result = stock(KEYS, ARGV)
if result == 1 then countReturn(ARGV[1], KEYS[1]) end
return result
