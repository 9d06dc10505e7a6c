/**
 * What is written down about shared rooms, and the scripts that do it, each at one stroke. A room is a hash: hash of a
 * seat → name and number of its holder. A holder whose relay is not in the set of relays, or only with a time that is
 * past, holds nothing. Every change is told, as the whole room, to the relays that it concerns, in the order in which it
 * was made. No connection may be in this file.
 */

export const ROOM = 'securechat:room:';
export const RELAYS = 'securechat:relays';
/** The channel of each relay. */
export const CHANNEL = 'securechat:relay:';

/** KEYS: room, relays. */
const SEATS = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function lives(holder)
  local score = redis.call('ZSCORE', KEYS[2], string.match(holder, '^%S+'))
  return score and tonumber(score) >= now
end
local seats = {}
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if lives(held[i + 1]) then seats[held[i]] = held[i + 1] else redis.call('HDEL', KEYS[1], held[i]) end
end
local function tell(room, also)
  local list, to = {}, {}
  for hash, holder in pairs(seats) do
    local name, number = string.match(holder, '^(%S+) (%S+)$')
    list[#list + 1] = {hash, name, number}
    to[name] = true
  end
  if also then to[string.match(also, '^%S+')] = true end
  local news = cjson.encode({room = room, seats = list})
  for name in pairs(to) do redis.call('PUBLISH', '${CHANNEL}' .. name, news) end
end
`;

/** ARGV: room, hash, mode, name, number, milliseconds to keep it. Returns ok or why not. */
export const CLAIM = `${SEATS}
local room, hash, mode, me = ARGV[1], ARGV[2], ARGV[3], ARGV[4] .. ' ' .. ARGV[5]
if not lives(me) then return 'busy' end
local before = seats[hash]
if not before then
  local others = 0
  for _ in pairs(seats) do others = others + 1 end
  if others > 0 and mode == 'create' then return 'room-taken' end
  if others > 1 then return 'room-full' end
elseif mode == 'keep' and before ~= me then return 'replaced' end
if not (mode == 'keep' and before == me) then
  seats[hash] = me
  redis.call('HSET', KEYS[1], hash, me)
  tell(room, before)
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 'ok'
`;

/** ARGV: room, hash, name, number. */
export const RELEASE = `${SEATS}
if seats[ARGV[2]] ~= ARGV[3] .. ' ' .. ARGV[4] then return end
seats[ARGV[2]] = nil
redis.call('HDEL', KEYS[1], ARGV[2])
tell(ARGV[1])
`;

/** KEYS: relays. ARGV: name, milliseconds of the lease, the name it had before or nothing. */
export const HELLO = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[3] ~= '' then redis.call('ZREM', KEYS[1], ARGV[3]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
`;

/** KEYS: relays. ARGV: name, milliseconds. Tells the relay who lives; who came too late finds itself missing. */
export const RENEW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
redis.call('PUBLISH', '${CHANNEL}' .. ARGV[1], cjson.encode({relays = redis.call('ZRANGE', KEYS[1], 0, -1)}))
`;
