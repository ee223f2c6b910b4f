--[[
  The store format of the installation.
  KEYS  format  ARGV  [1] the format that the caller writes
  Raises the number to the caller's where it is lower or not there. Returns the number that stands now.
]]
local stands = tonumber(redis.call('GET', KEYS[1]) or '')
local written = tonumber(ARGV[1])
if stands and stands >= written then return stands end
redis.call('SET', KEYS[1], ARGV[1])
return written
