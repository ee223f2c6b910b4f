--[[
  Guard of moveToFinished: a fenced start commits nothing; the commit goes into the ledger; the job that is
  taken in the same call is counted.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last two ARGV are stamps and start id.
  Returns what the stock script returns, or FENCED. Atomic: the ledger entry exists if and only if the commit does.
  Cost: stock + 2 calls, + 4 when a job is taken, + 2 while the ledger is read.
]]
local start, stamps = ARGV[#ARGV], ARGV[#ARGV - 1]
if isFenced(start) then return FENCED end
local view = ledgerView(KEYS[12])
local result = stock(KEYS, ARGV)
if type(result) == 'number' and result < 0 then return result end
appendLedger(view, ARGV[1], start, ARGV[5], ARGV[4], stamps, ARGV[2], 1)
if type(result) == 'table' and type(result[1]) == 'table' then countTake(result[2], tonumber(ARGV[2])) end
return result
