--[[
  One consistent picture of a queue.
  KEYS  wait paused prioritized delayed active completed failed waiting-children meta, then the six of accounts.lua
  ARGV  [1] key prefix of jobs
  Returns {nine counts in the order of KEYS (meta: 1 when paused), concurrency or '', timestamp of the oldest
  waiting job or '', then bound maxBytes bytes maxDepth takes lastTake r0t r0c r1t r1c refusals circuit}.
  Read only. Cost: 15 calls.
]]
local count = {
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('LLEN', KEYS[5]), redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8]),
}
local meta = redis.call('HMGET', KEYS[9], 'paused', 'concurrency')
local oldest = redis.call('LINDEX', KEYS[1], -1)
local since = oldest and redis.call('HGET', ARGV[1] .. oldest, 'timestamp') or ''
local policy = redis.call('HMGET', policyKey, 'bound', 'maxBytes', 'bytes', 'maxDepth', 'takes', 'lastTake',
  'r0t', 'r0c', 'r1t', 'r1c', 'refusals', 'circuit')
local answer = {unpack(count)}
answer[#answer + 1] = meta[1] and 1 or 0
answer[#answer + 1] = meta[2] or ''
answer[#answer + 1] = since or ''
for i = 1, 12 do answer[#answer + 1] = policy[i] or '' end
return answer
