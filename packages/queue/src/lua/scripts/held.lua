--[[
  Job ids that one start holds locks of.
  KEYS  active, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] start id
  Returns {id…}. Read only. Cost: one LRANGE and one GET an active job.
]]
local held = {}
for _, jobId in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if holdsLock(ARGV[2], ARGV[1] .. jobId) then held[#held + 1] = jobId end
end
return held
