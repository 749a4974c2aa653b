import Glibc

/// Where the time comes from: the machine, or a simulation that steps it.
package protocol TimeSource {
    var now: Instant { get }
    var wallNow: WallTime { get }
}

/// The machine's own clocks.
package struct SystemTime: TimeSource, Sendable {
    package init() {}

    package var now: Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package var wallNow: WallTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
