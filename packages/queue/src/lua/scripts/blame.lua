--[[
  A death was put down to what ran there after its jobs had been given back: it counts against them now, wherever they are
  by now, as it would have in reclaim.lua with blame 'jobs'.

  KEYS  the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] now ms  [3] start id  [4] poison.kills  [5…] job ids that it left behind
  Returns how many jobs it was counted against.
  Atomic: one script. Twice is once: the line of the death in `mrKilledBy` or `mrSparedBy` tells that it was counted.
  Cost: 3 calls a job.
]]
local prefix, now, start, limit = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local mark = cjson.encode(start)
local counted = 0
for i = 5, #ARGV do
  local key = prefix .. ARGV[i]
  local job = redis.call('HMGET', key, 'mrSuspect', 'mrKills', 'mrKilledBy', 'mrSpared', 'mrSparedBy', 'mrAlone', 'ats',
    'finishedOn')
  -- Removed, over, or counted: there is nothing to be held against it.
  local isKill = string.find(job[3] or '', '"d":' .. mark, 1, true)
  local isSpared = string.find(job[5] or '', '"d":' .. mark, 1, true)
  if job[7] and not job[8] then
    if isKill then
      -- Maybe it was only one of several that could be meant: now it surely was.
      redis.call('HSET', key, 'mrSuspect', '1')
    elseif not isSpared then
      -- Somebody may have taken it again: the death was the start's before.
      local again = redis.call('EXISTS', key .. ':lock') == 1 and not holdsLock(start, key)
      local number = tonumber(job[7]) - (again and 1 or 0)
      local line = cjson.encode({d = start, s = number, a = now})
      redis.call('HSET', key, unpack(afterDeath(job, line, tostring(number), true, limit)))
      counted = counted + 1
    end
  end
end
return counted
