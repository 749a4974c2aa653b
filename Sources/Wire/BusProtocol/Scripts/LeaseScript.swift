/// The scripts of leases: one owner at a time, and a number that grows with each change of owner.
///
/// KEYS: 1 `lock:<name>`, 2 `fence:<name>`. A token is unique to one life of one holder.
package enum LeaseScript {
    /// ARGV: 1 token, 2 time to live in ms. Replies the new fencing number, or 0 where another holds
    /// the lock. One's own lock, left from a reply that never came, is taken with a new number.
    ///
    /// The number is the server's time in milliseconds, or one more than the last where that is higher:
    /// it grows also where Redis has lost the last one (P3).
    package static let acquire = """
        local holder = redis.call('GET', KEYS[1])
        if holder and holder ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        local time = redis.call('TIME')
        local number = time[1] * 1000 + math.floor(time[2] / 1000)
        local last = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
        if last >= number then number = last + 1 end
        redis.call('SET', KEYS[2], string.format('%.0f', number))
        return number
        """

    /// ARGV: 1 token, 2 time to live in ms. Replies 1, or 0 where the token no longer owns the lock.
    package static let renew = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return 1
        """

    /// ARGV: 1 token. Replies 1, or 0 where the token no longer owns the lock (P1).
    package static let release = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[1])
        return 1
        """
}
