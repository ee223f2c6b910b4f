--[[
  Mends the byte count where a stock client removed or took jobs behind our back: one chunk of `sizes` is checked,
  and entries whose job is gone, runs or has finished are taken out.
  KEYS  the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] cursor  [3] entries a chunk
  Returns {next cursor, entries mended}. Atomic for each entry; a job that moves meanwhile is judged by its state now.
  Cost: one HSCAN + 2 calls an entry; call it with at most 100.
]]
local scan = redis.call('HSCAN', sizesKey, ARGV[2], 'COUNT', ARGV[3])
local mended = 0
for i = 1, #scan[2], 2 do
  local jobId = scan[2][i]
  local jobKey = ARGV[1] .. jobId
  local finishedOn = redis.call('HMGET', jobKey, 'name', 'finishedOn')
  if not finishedOn[1] or finishedOn[2] or redis.call('EXISTS', jobKey .. ':lock') == 1 then
    countRemoval(jobId)
    mended = mended + 1
  end
end
return {scan[1], mended}
