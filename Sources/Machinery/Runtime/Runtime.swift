// Runtime: what every process shares: its configuration, log, metrics, health, heartbeat, leases,
// and the order in which it starts and stops.
//
// 1. A process that starts has a valid configuration; one that has not names every error and exits 2.
// 2. A secret never reaches a log line, an error message or `config show`.
// 3. A lease is held only until a time on the holder's own clock that lies before the server's
//    expiry; who lost it knows before another can gain it, and its fencing number is never reused.
// 4. A log line never blocks the loop: what the reader of the log does not take is dropped, counted.
// 5. SIGTERM ends the process with 0 within 10 s, in any state but a crash.
// 6. A supervised process does not outlive its supervisor.

/// The version every process reports.
package enum Build {
    /// The version of this source tree.
    package static let version = "0.1.0"
}
