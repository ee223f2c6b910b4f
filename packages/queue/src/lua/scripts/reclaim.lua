--[[
  Gives the jobs of dead starts back to the head of the queue: one step of a pass over the active list that serves
  all the dead of a turn. Compare-and-set on the lock's start id, so any supervisor may do it at any time, any number
  of times, also two at once. No attempt and no stall is counted; a kill is, as suspicion.lua says, unless nobody's
  job can be blamed.

  KEYS  wait active prioritized stalled meta events marker, then the six of accounts.lua
  ARGV  [1] key prefix of jobs  [2] msgpack of the dead: {start id, cause, blame 'jobs' | 'unknown' | 'none'}…
        [3] msgpack of anchors: ids that were looked at before, the last one first; empty at the start of a pass
        [4] poison.kills, or 0: deaths are not counted  [5] most jobs to move  [6] most to look at
        [7] ms to remember a death
  Returns {1 when the pass is over, how many jobs moved, anchors {id…}, one a dead start: NOT_FENCED (-79), or when the pass is over
        {event id just before its first job moved or '', its orphans {id…} oldest first, moved by whomever}}

  Who is an orphan: its lock is a dead start's, or it has no lock any more and a dead start took it last (`pb`).
  A pass misses none. Fenced starts take nothing, so orphans only leave the list. What enters, enters at its head, and
  the order of what is in it never changes; so whatever was looked at stands before whatever was not, at any time.
  A step goes on right behind an anchor, which is the last entry looked at that stayed; if finishes took all the
  anchors away meanwhile, it begins at the head again, which costs time and misses nothing either.

  Order: the list holds the newest first; pushing newest first leaves the oldest at the head of the queue, and what a
  later step moves, which is older, goes ahead of it.
  Memory of the dead, for whoever asks later: list <prefix>millrace:death:<start>:orphans, and in the hash without
  `:orphans` the field `after`, beside the evidence that the caller has put there.
  Atomic: one script; its entries of the list become tombstones, which go with a single LREM at its end.
  Cost: one LRANGE and one MGET for 128 entries looked at, 5 to 8 calls a job moved, 12 for all and 2 to 4 a dead start, and
  two walks of the list in C (LPOS, LREM: about 30 ns an entry, so 5 ms for 80,000 active jobs).
]]
local NOT_FENCED = -79
local GONE = '\0gone'
local LOOK = 128
local prefix = ARGV[1]
-- The store's own: who asked may have waited for it, and the entry is to say when the job was there to be taken again.
local now = storeNow()
local deaths, anchors = cmsgpack.unpack(ARGV[2]), cmsgpack.unpack(ARGV[3])
local limit, most, mostLooks, keepMs = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local starts, dead, answers = {}, {}, {}
for i, death in ipairs(deaths) do starts[i] = death[1] end
if #starts == 0 then return {1, 0, {}} end
for i, fenced in ipairs(redis.call('ZMSCORE', fencedKey, unpack(starts))) do
  if fenced then dead[starts[i]] = deaths[i] else answers[i] = NOT_FENCED end
end

local function startingPoint()
  for _, jobId in ipairs(anchors) do
    local at = redis.call('LPOS', activeKey, jobId)
    if at then return at + 1 end
  end
  return 0
end

local function deathOf(jobId, token)
  if token then return dead[startOf(token)] end
  return dead[redis.call('HGET', prefix .. jobId, 'pb') or '']
end

-- The orphans in the next stretch of the list, what stays of it (the last first), and whether its end was reached.
local function look()
  local orphans, kept, at, looked = {}, {}, startingPoint(), 0
  while looked < mostLooks do
    local ids = redis.call('LRANGE', activeKey, at, at + LOOK - 1)
    if #ids == 0 then return orphans, kept, true end
    local locks = {}
    for i, jobId in ipairs(ids) do locks[i] = prefix .. jobId .. ':lock' end
    for i, token in ipairs(redis.call('MGET', unpack(locks))) do
      local death = deathOf(ids[i], token)
      if death then
        if #orphans == most then return orphans, kept, false end
        orphans[#orphans + 1] = {id = ids[i], at = at + i - 1, death = death}
      else
        table.insert(kept, 1, ids[i])
        kept[17] = nil
      end
    end
    at, looked = at + #ids, looked + #ids
  end
  return orphans, kept, false
end

local function deathKey(start) return prefix .. 'millrace:death:' .. start end

-- Which jobs a start left behind, and what stood last in the event stream before its first job moved.
local function remember(start, ids, lastEvent)
  local key = deathKey(start)
  redis.call('LPUSH', key .. ':orphans', unpack(ids))
  if redis.call('HSETNX', key, 'after', lastEvent) == 1 then
    redis.call('PEXPIRE', key, keepMs)
    redis.call('PEXPIRE', key .. ':orphans', keepMs)
  end
end

-- The orphan as lua/returns.lua takes it, with what the death adds to it.
local function leaving(orphan)
  local start, cause, blame = orphan.death[1], orphan.death[2], orphan.death[3]
  local job = returning(prefix, orphan.id, 'mrSuspect', 'mrKills', 'mrKilledBy', 'mrSpared',
    'mrSparedBy', 'mrAlone')
  job.start, job.cause = start, cause
  if limit > 0 and blame ~= 'none' then
    local line = cjson.encode({d = start, s = tonumber(job.hash[2]) or 0, a = now})
    local marks = {job.hash[5], job.hash[6], job.hash[7], job.hash[8], job.hash[9], job.hash[10]}
    job.set = afterDeath(marks, line, job.hash[2] or '0', blame == 'jobs', limit)
  end
  return job
end

local orphans, kept, over = look()
if #orphans > 0 then
  local last = redis.call('XREVRANGE', eventsKey, '+', '-', 'COUNT', 1)
  local lastEvent, jobs = last[1] and last[1][1] or '0-0', {}
  for i, orphan in ipairs(orphans) do jobs[i] = leaving(orphan) end
  returnToHead(jobs, 'killed', now)
  local left = {}
  for _, orphan in ipairs(orphans) do
    redis.call('LSET', activeKey, orphan.at, GONE)
    local start = orphan.death[1]
    left[start] = left[start] or {}
    table.insert(left[start], orphan.id)
  end
  for start, ids in pairs(left) do remember(start, ids, lastEvent) end
  redis.call('LREM', activeKey, #orphans, GONE)
end
wake(#orphans)
for i, death in ipairs(deaths) do
  if over and not answers[i] then
    local key = deathKey(death[1])
    answers[i] = {redis.call('HGET', key, 'after') or '', redis.call('LRANGE', key .. ':orphans', 0, -1)}
  end
end
for i = 1, #deaths do answers[i] = answers[i] or {} end
return {over and 1 or 0, #orphans, kept, unpack(answers)}
