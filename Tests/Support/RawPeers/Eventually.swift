internal import Chronology
internal import Reactor

/// Waits until something on the loop is so, looking every millisecond; false after five seconds.
package func eventually(_ condition: @escaping @LoopActor () -> Bool) async -> Bool {
    await EventLoop.onLoop {
        await withCheckedContinuation { Watch(condition, $0).look() }
    }
}

/// One wait: a timer that keeps itself until the condition holds or the time is over.
@LoopActor private final class Watch {
    private let condition: @LoopActor () -> Bool
    private let continuation: CheckedContinuation<Bool, Never>
    private let end = EventLoop.process.now + .seconds(5)
    private var timer: LoopTimer?

    init(
        _ condition: @escaping @LoopActor () -> Bool,
        _ continuation: CheckedContinuation<Bool, Never>
    ) {
        self.condition = condition
        self.continuation = continuation
        timer = EventLoop.process.timer { self.look() }
    }

    func look() {
        let holds = condition()
        if holds || EventLoop.process.now >= end {
            timer = nil
            continuation.resume(returning: holds)
        } else {
            timer?.arm(after: .milliseconds(1))
        }
    }
}
