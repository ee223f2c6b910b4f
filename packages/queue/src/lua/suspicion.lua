--[[
  The deaths that count against a job. Shared by the scripts that count them or clear them; backend/compose.ts puts it
  behind accounts.lua.

  Fields of a job's hash (they travel to the worker in the reply of its take)
    mrKills      how often a process died in which the job ran and may have been the killer
    mrAlone      the start number in which the job ran in a process of its own from the start (scripts/alone.lua)
    mrSuspect    '1': it runs alone from now on, so that the next death tells
    mrKilledBy   one line of JSON a kill: the evidence itself, or {d = start, s = start number, a = ms} which stands for
                 the hash <prefix>millrace:death:<start>
    mrKillStart  the start number of the last kill: a start is killed once, whoever tells it, however often
    mrSpared     how often a worker died while the job ran alone in it or waited to: hardly its doing
    mrSparedBy   one line of JSON each, as the second kind in mrKilledBy: a death is counted once here, too
    mrDead       'poison' or 'final', of a dead letter; mrEvidence its kills, resolved; mrReplayedAs its replay
]]
-- The newest that fit are kept; a take carries them all.
local EVIDENCE_BYTES = 16384
-- A job that outlived so many workers as a suspect may well have killed them from where it ran alone. Or it waited beside
-- the one that did: the store does not see a suspect's turn come. As many stalls are borne.
local MOST_SPARED = 10
local SUSPICION = {'mrKills', 'mrSuspect', 'mrKilledBy', 'mrKillStart', 'mrSpared', 'mrSparedBy'}

local function withLine(lines, line)
  local all = (lines or '') .. line .. '\n'
  while #all > EVIDENCE_BYTES and string.find(all, '\n.') do all = string.match(all, '\n(.*)$') end
  return all
end

--[[
  A worker died with a job in it: the fields of its hash that change. A suspect, which ran alone in a process of its own
  or waited to, is innocent of that, and so is who is always alone; everybody else may be the killer, and is a suspect if a
  job surely was (`certain`), or at the second time. `marks` is mrSuspect, mrKills, mrKilledBy, mrSpared, mrSparedBy and
  mrAlone of the hash, `startNumber` a string, `limit` is poison.kills. No calls.
]]
local function afterDeath(marks, line, startNumber, certain, limit)
  local kills = tonumber(marks[2]) or 0
  if marks[1] or marks[6] == startNumber then
    local spared = (tonumber(marks[4]) or 0) + 1
    local fields = {'mrSpared', spared, 'mrSparedBy', withLine(marks[5], line)}
    if kills < limit and spared < MOST_SPARED then return fields end
    -- The next worker that takes it fails it, unrun: BullMQ's deferred failure.
    local what = kills >= limit and ('killed its process ' .. kills .. ' times')
      or (spared .. ' workers died while it ran alone in them or waited to')
    fields[5], fields[6] = 'defa', 'poison: ' .. what
    return fields
  end
  local fields = {'mrKills', kills + 1, 'mrKillStart', startNumber, 'mrKilledBy', withLine(marks[3], line)}
  if certain or kills + 1 >= 2 then
    fields[#fields + 1] = 'mrSuspect'
    fields[#fields + 1] = '1'
  end
  return fields
end

-- True when the job fails now because of a deferred failure of ours. To be asked before the stock script forgets it.
local function failsAsPoison(jobKey)
  return string.sub(redis.call('HGET', jobKey, 'defa') or '', 1, 7) == 'poison:'
end

--[[
  An attempt came to an end of its own. `verdict` is the worker's word, empty for nearly every job: 'k' there is
  suspicion to be cleared, 'f' the handler said it is final, 'p' it is poison.
]]
local function noteEnd(jobKey, verdict, poison, failed)
  if verdict == '' or redis.call('EXISTS', jobKey) == 0 then return end
  if poison or verdict == 'p' then
    redis.call('HSET', jobKey, 'mrDead', 'poison')
    return
  end
  redis.call('HDEL', jobKey, unpack(SUSPICION))
  if failed and string.find(verdict, 'f', 1, true) then redis.call('HSET', jobKey, 'mrDead', 'final') end
end

-- An operator runs a dead letter again: its counts start anew, but what was poison runs alone.
local function forgiveDeath(jobKey)
  local poison = redis.call('HGET', jobKey, 'mrDead') == 'poison'
  redis.call('HDEL', jobKey, 'mrDead', 'mrEvidence', 'mrReplayedAs', unpack(SUSPICION))
  if poison then redis.call('HSET', jobKey, 'mrSuspect', '1') end
end
