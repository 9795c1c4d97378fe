//! What Redis executes as one step each.
//!
//! The two keys of a session are a hash (`record`; `fence`, the number of the renewal that wrote it; `last`, the last number that
//! was given) and a lock. A number is the server's time in microseconds, or one more than the last number if that is greater: it
//! also grows over a restart that loses the data.

use redis::Script;

pub(crate) struct Scripts {
    pub(crate) acquire: Script,
    pub(crate) extend: Script,
    pub(crate) release: Script,
    pub(crate) store: Script,
}

/// Reads: record, remaining life in milliseconds, the server's time as a number.
pub(crate) const LOAD: &str = "
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
return {redis.call('HGET', KEYS[1], 'record'), redis.call('PTTL', KEYS[1]), now}";

/// Takes the lock for ARGV[1], for ARGV[2] milliseconds. The answer of a repetition is the same.
const ACQUIRE: &str = "
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return {0, redis.call('HGET', KEYS[1], 'fence')}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
local number = string.format('%.0f', math.max(now, last + 1))
redis.call('HSET', KEYS[1], 'last', number)
local life = redis.call('PTTL', KEYS[1])
if life < 0 then redis.call('PEXPIRE', KEYS[1], 86400000) end
return {1, number, redis.call('HGET', KEYS[1], 'record'), life}";

const EXTEND: &str = "
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 0";

const RELEASE: &str = "
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0";

/// Releases the lock of ARGV[1], and stores the record ARGV[3] for ARGV[4] milliseconds, unless a renewal with a greater number
/// than ARGV[2] has stored one.
pub(crate) const STORE: &str = "
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'record', ARGV[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[4])";

impl Scripts {
    pub(crate) fn new() -> Self {
        let [acquire, extend, release, store] = [ACQUIRE, EXTEND, RELEASE, STORE].map(Script::new);
        Self { acquire, extend, release, store }
    }
}
