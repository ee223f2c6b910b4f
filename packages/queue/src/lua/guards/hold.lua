--[[
  Guard of extendLock and extendLocks: a fenced start keeps no lock alive.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 1 call.
]]
if isFenced(ARGV[#ARGV]) then return FENCED end
return stock(KEYS, ARGV)
