/// The script by which all processes share the connection attempts a venue's host may see (T5).
///
/// KEYS: 1 `attempts` (zset of attempts to their time on the server's clock), 2 `attempts:failed`
/// (string with PX, there while a connection has failed within the last minute).
package enum AttemptScript {
    /// ARGV: 1 attempts a minute, 2 first attempts of sockets a minute while nothing fails, 3 1 where
    /// this is a socket's first, 4 the attempt's own name. Replies 0 where it may be made, which is
    /// then counted; else the ms until it is of use to ask again.
    package static let source = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local most = tonumber(ARGV[1])
        if ARGV[3] == '1' and redis.call('EXISTS', KEYS[2]) == 0 then
            most = math.max(most, tonumber(ARGV[2]))
        end
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
        local count = redis.call('ZCARD', KEYS[1])
        if count >= most then
            local oldest = redis.call('ZRANGE', KEYS[1], count - most, count - most, 'WITHSCORES')
            return math.max(1, tonumber(oldest[2]) + 60001 - now)
        end
        redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[4])
        redis.call('PEXPIRE', KEYS[1], 61000)
        return 0
        """
}
