--[[
  Removes a dead letter for good: only a job that is in the failed set at this moment.
  Composed with the pinned package's own removeJob as the local function `stock`.
  KEYS  failed job repeat, then the six of accounts.lua
  ARGV  [1] job id  [2] key prefix of jobs
  Returns 1 when it was removed, else 0. Atomic: one script: what an operator has just retried is not removed.
  Cost: 1 call + stock.
]]
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
return stock({KEYS[2], KEYS[3]}, {ARGV[1], '1', ARGV[2]}) == 1 and 1 or 0
