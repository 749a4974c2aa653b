/// What an exit code of `pms` means.
package enum ExitStatus: Int32, Sendable {
    case ok = 0
    case error = 1
    case usage = 2
    case notFound = 3
    case notRunning = 4
    case configuration = 5
    case timeout = 6
    case refused = 7
    case outcomeUnknown = 8
}

/// Why a command ended early: its exit code, and a message for a person.
package struct CommandFailure: Error, Equatable, Sendable {
    package let code: Int32
    package let message: String

    init(_ status: ExitStatus, _ message: String) {
        code = status.rawValue
        self.message = message
    }

    /// Another program's exit code, passed on without a message.
    init(code: Int32) {
        self.code = code
        message = ""
    }
}
