/// The script of heartbeats: writes the record and its time to live in one step, so that a process
/// that dies between the two leaves nothing behind for good.
///
/// KEYS: 1 `heartbeat:<service>:<instance>`. ARGV: 1 time to live in ms, then fields and values.
package enum HeartbeatScript {
    package static let write = """
        redis.call('HSET', KEYS[1], unpack(ARGV, 2))
        return redis.call('PEXPIRE', KEYS[1], ARGV[1])
        """
}
