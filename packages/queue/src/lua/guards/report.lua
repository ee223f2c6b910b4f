--[[
  Guard of updateProgress, updateData and addLog, whose stock scripts know no token: only the start that holds
  the job's lock may report on it. Calls without a start (an API client) pass.
  KEYS, ARGV: the stock script's (KEYS[1] is the job), then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns, FENCED or LOCK_LOST. Atomic: one script. Cost: stock + 2 calls.
]]
local start = ARGV[#ARGV]
if isFenced(start) then return FENCED end
if start ~= '' and not holdsLock(start, KEYS[1]) then return LOCK_LOST end
return stock(KEYS, ARGV)
