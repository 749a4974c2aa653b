import Foundation

/// How tests wait for other processes: machines may be busy, so that whatever should come has a minute.
enum Waiting {
    static let patience = 60.0

    /// Asks again and again until it is so; false where it is not so within `seconds` or a minute,
    /// whichever is more.
    static func wait(seconds: Double = patience, _ isSo: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: max(seconds, patience))
        while !isSo() {
            if Date() >= end { return false }
            pause(seconds: 0.02)
        }
        return true
    }

    /// Lets time pass for the processes under test.
    static func pause(seconds: Double) { Thread.sleep(forTimeInterval: seconds) }
}
