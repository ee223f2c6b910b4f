--[[
  Guard of reprocessJob (an operator runs a finished job again): it counts towards the bound again, and its kills are
  forgiven; what died as poison stays a suspect, so that it takes nobody with it.
  KEYS, ARGV: the stock script's (KEYS[1] is the job, ARGV[1] its id), then the six of accounts.lua; the last
  ARGV is the start id. Returns what the stock script returns. Atomic: one script. Cost: stock + 6 calls.
]]
local result = stock(KEYS, ARGV)
if result == 1 then
  countReturn(ARGV[1], KEYS[1])
  forgiveDeath(KEYS[1])
end
return result
