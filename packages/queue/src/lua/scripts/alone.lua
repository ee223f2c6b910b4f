--[[
  From here on this start of a job runs in a process of its own: what its worker dies of is not its doing (suspicion.lua).
  It has waited for that until now, which is not running: the attempt begins now.

  KEYS  the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] start id  [3] job id  [4] start number of the job (`ats`)
  Returns 1, or 0 when the job is not this start's any more, and maybe not there. Atomic: one script. Cost: 4 calls.
]]
local key, start, startNumber = ARGV[1] .. ARGV[3], ARGV[2], ARGV[4]
if not holdsLock(start, key) or redis.call('HGET', key, 'ats') ~= startNumber then return 0 end
redis.call('HSET', key, 'mrAlone', startNumber, 'processedOn', storeNow())
return 1
