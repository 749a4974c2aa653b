/// The script of memberships: which instances of a service are alive, each by a lease of its own, so
/// that they can share work without a leader.
///
/// KEYS: 1 `members:<service>`, a zset from instance to the end of its lease on the server's clock.
package enum MembershipScript {
    /// ARGV: 1 instance, 2 time to live in ms. Renews the instance's lease, removes those that have
    /// lapsed, and replies the instances that are left.
    package static let join = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
        redis.call('PEXPIRE', KEYS[1], 60000)
        return redis.call('ZRANGE', KEYS[1], 0, -1)
        """
}
