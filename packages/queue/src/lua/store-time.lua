--[[
  The stock script's time is the store's, whatever the caller's clock says: by it delayed jobs are due and finished ones
  old, and starts and ends are dated. Shared by the guards of the stock scripts whose ARGV[2] is the time;
  backend/compose.ts puts it behind accounts.lua. 1 call.
]]
local callersNow, now = tonumber(ARGV[2]), storeNow()
ARGV[2] = now

-- BullMQ's worker waits by its own clock until the fourth value of a reply, when the next delayed job is due.
local function inCallersTime(reply)
  if type(reply) == 'table' and (tonumber(reply[4]) or 0) > 0 then reply[4] = reply[4] + callersNow - now end
  return reply
end
