--[[
  Guard of moveStalledJobsToWait, the net under the net: what it returns counts towards the bound again.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns, or FENCED. Atomic: one script. Cost: stock + 3 calls a stalled job.
]]
if isFenced(ARGV[#ARGV]) then return FENCED end
local stalled = stock(KEYS, ARGV)
for _, jobId in ipairs(stalled) do countReturn(jobId, ARGV[2] .. jobId) end
return stalled
