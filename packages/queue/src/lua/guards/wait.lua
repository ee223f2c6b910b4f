--[[
  Guard of moveJobFromActiveToWait (a rate-limited job goes back): fence, and the job counts again.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 3 calls.
]]
if isFenced(ARGV[#ARGV]) then return FENCED end
local result = stock(KEYS, ARGV)
if type(result) == 'number' and result >= 0 then countReturn(ARGV[1], ARGV[3]) end
return result
