--[[
  Guard of moveToActive: a fenced start takes nothing, and passes on the marker that woke it; a take is counted. It takes
  in sets: behind the first job come more, up to `room`, but no more than half of what then waits, so that the others
  whom the marker wakes find some too.
  KEYS, ARGV: the stock script's (ARGV[3] its options, the lock token among them), then the six of accounts.lua, then
  room (jobs beyond the first) and start id as the last ARGV.
  Returns what the stock script returns, with one {hash, id, 0, 0} a further job behind its four values, or when there was
  none to be had with the ms that the store's clock is ahead of the caller's; or FENCED.
  The further jobs' lock tokens are the first one's with `.1`, `.2`… behind it. Atomic: one script. Cost: stock + 4 calls
  a job, + 1, + 2 with room.
]]
local start, room = ARGV[#ARGV], tonumber(ARGV[#ARGV - 1])
local function waiting() return redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[3]) end
if isFenced(start) then
  local any = waiting() + redis.call('ZCARD', KEYS[7])
  if any > 0 and redis.call('HEXISTS', KEYS[9], 'paused') == 0 then redis.call('ZADD', KEYS[11], 0, '0') end
  return FENCED
end

-- One job by the stock script, counted; its reply holds no job when there is none to be had.
local function take()
  local reply = stock(KEYS, ARGV)
  local isJob = type(reply) == 'table' and type(reply[1]) == 'table'
  if isJob then countTake(reply[2], now) end
  return inCallersTime(reply), isJob
end

local result, isJob = take()
if not isJob then
  if type(result) == 'table' then result[5] = now - callersNow end
  return result
end
if room == 0 then return result end
local options = cmsgpack.unpack(ARGV[3])
local token = options.token
for n = 1, math.min(room, math.floor(waiting() / 2)) do
  options.token = token .. '.' .. n
  ARGV[3] = cmsgpack.pack(options)
  local further, isMore = take()
  if not isMore then break end
  result[4 + n] = further
end
return result
