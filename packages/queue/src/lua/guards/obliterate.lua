--[[
  Guard of obliterate: a queue that is gone leaves no accounts behind. Who was declared dead stays on record, for a
  zombie may outlive the queue.
  KEYS, ARGV: the stock script's, then the six of accounts.lua; the last ARGV is the start id.
  Returns what the stock script returns (0: all is gone). Atomic: one script. Cost: stock + 1 call.
]]
local result = stock(KEYS, ARGV)
if result == 0 then
  local base = string.sub(policyKey, 1, -(#'policy' + 1))
  redis.call('DEL', policyKey, sizesKey, ledgerKey, readersKey,
    base .. 'idempotency', base .. 'idempotency-age', base .. 'readers-seen')
end
return result
