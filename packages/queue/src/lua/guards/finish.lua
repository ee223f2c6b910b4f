--[[
  Guard of moveToFinished: a fenced start commits nothing; the commit goes into the ledger; the job that is
  taken in the same call is counted. Suspicion ends with it, unless it is what the job ends of.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last three ARGV are stamps, verdict and start id.
  Returns what the stock script returns, or FENCED. Atomic: the ledger entry exists if and only if the commit does.
  Cost: stock + 3 calls, + 4 when a job is taken, + 2 while the ledger is read, + 2 to 4 with a verdict (suspects, and
  failures that the handler calls final).
]]
local start, verdict, stamps = ARGV[#ARGV], ARGV[#ARGV - 1], ARGV[#ARGV - 2]
if isFenced(start) then return FENCED end
local view = ledgerView(KEYS[12])
local failed = ARGV[5] == 'failed'
local poison = verdict ~= '' and failed and failsAsPoison(KEYS[12])
local result = stock(KEYS, ARGV)
if type(result) == 'number' and result < 0 then return result end
noteEnd(KEYS[12], verdict, poison, failed)
appendLedger(view, ARGV[1], start, ARGV[5], ARGV[4], stamps, now, 1)
if type(result) == 'table' and type(result[1]) == 'table' then countTakes({result[2]}, now) end
return inCallersTime(result)
