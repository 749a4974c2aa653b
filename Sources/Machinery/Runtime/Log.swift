package import Chronology
import Glibc
import Synchronization

/// How much a log line matters.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    case debug, info, warn, error

    package init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    package var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        }
    }

    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// What a line says besides its event; the order is kept.
package typealias LogFields = KeyValuePairs<String, any CustomStringConvertible>

/// The process's log: one line an event on standard error, from any thread.
///
/// `Log.info("order sent", ["symbol": symbol, "ms": 3])`. Numbers and flags stay bare in JSON, all
/// else becomes a string. A line is at most 4,096 bytes, which a pipe takes at once or not at all.
package enum Log {
    private static let state = Mutex<LogState>(LogState())

    /// Sets what the lines carry and which are written; call it once, before the first line.
    package static func configure(
        process: String, level: LogLevel, isText: Bool, sink: (@Sendable (String) -> Void)? = nil
    ) {
        state.withLock {
            $0.process = process
            $0.level = level
            $0.isText = isText
            $0.sink = sink
        }
    }

    package static func debug(_ event: String, _ fields: LogFields = [:]) {
        write(.debug, event, fields)
    }
    package static func info(_ event: String, _ fields: LogFields = [:]) {
        write(.info, event, fields)
    }
    package static func warn(_ event: String, _ fields: LogFields = [:]) {
        write(.warn, event, fields)
    }
    package static func error(_ event: String, _ fields: LogFields = [:]) {
        write(.error, event, fields)
    }

    /// Whether lines of the level are written, for callers whose fields cost something to make.
    package static func isEnabled(_ level: LogLevel) -> Bool {
        state.withLock { level >= $0.level }
    }

    /// Lines that could not be written because the reader did not keep up.
    package static var dropped: Int { state.withLock { $0.dropped } }

    private static func write(_ level: LogLevel, _ event: String, _ fields: LogFields) {
        state.withLock { state in
            guard level >= state.level else { return }
            let line = LogLine(
                at: SystemTime().wallNow, level: level, process: state.process, event: event,
                fields: fields)
            let text = state.isText ? line.text : line.json
            if let sink = state.sink { sink(text) } else { state.emit(text) }
        }
    }
}

private struct LogState: Sendable {
    var process = "pms"
    var level = LogLevel.info
    var isText = false
    var sink: (@Sendable (String) -> Void)?
    var dropped = 0

    /// Largest line: PIPE_BUF, which a pipe that polls writable takes without blocking.
    private static let limit = 4096

    mutating func emit(_ line: String) {
        var bytes = Array(line.utf8.prefix(LogState.limit - 1))
        bytes.append(0x0A)
        guard LogState.isWritable(STDERR_FILENO) else {
            dropped += 1
            return
        }
        let written = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(STDERR_FILENO, $0.baseAddress!, $0.count)
        }
        if written != bytes.count { dropped += 1 }
    }

    private static func isWritable(_ fd: Int32) -> Bool {
        var entry = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLOUT) != 0
    }
}

/// Lets one event in an interval through, and counts those held back in between.
package struct LogLimit: Sendable {
    private let interval: Interval
    private var next = Instant.distantPast
    private var held = 0

    package init(every interval: Interval) { self.interval = interval }

    /// How many were held back since the last one that passed, or nil where this one is held back.
    package mutating func admit(now: Instant) -> Int? {
        guard now >= next else {
            held += 1
            return nil
        }
        defer { held = 0 }
        next = now + interval
        return held
    }
}
