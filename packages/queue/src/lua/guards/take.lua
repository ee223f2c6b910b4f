--[[
  Guard of moveToActive: a fenced start takes nothing, and passes on the marker that woke it; a take is counted. It takes
  in sets: behind the first job come more, up to `room`, but no more than half of what waits, so that the others whom the
  marker wakes find some too.
  KEYS, ARGV: the stock script's (ARGV[3] its options, the lock token among them), then the six of accounts.lua, then
  room (jobs beyond the first) and start id as the last ARGV.
  Returns what the stock script returns, with one {hash, id, 0, 0} a further job behind its four values, or when there was
  none to be had with the ms that the store's clock is ahead of the caller's; or FENCED.
  The further jobs' lock tokens are the first one's with `.1`, `.2`… behind it. Atomic: one script. Cost: 12 calls + 4 a
  job (take-set.lua), + 2 with room.
]]
local start, room = ARGV[#ARGV], tonumber(ARGV[#ARGV - 1])
local function waiting() return redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[3]) end
if isFenced(start) then
  local any = waiting() + redis.call('ZCARD', KEYS[7])
  if any > 0 and redis.call('HEXISTS', KEYS[9], 'paused') == 0 then redis.call('ZADD', KEYS[11], 0, '0') end
  return FENCED
end

local options = cmsgpack.unpack(ARGV[3])
local tokens = {options.token}
if room > 0 then
  -- Half of what remains when the first is gone.
  for n = 1, math.min(room, math.floor((waiting() - 1) / 2)) do tokens[n + 1] = options.token .. '.' .. n end
end
local takes, none = takeSet(stock, KEYS, ARGV[1], tokens, options, now)
if #takes == 0 then
  none = inCallersTime(none)
  none[5] = now - callersNow
  return none
end
local result = inCallersTime(takes[1])
for n = 2, #takes do result[3 + n] = takes[n] end
return result
