import CLinux
import Glibc

/// What runs when a signal arrives.
struct SignalTable {
    var bodies: [@LoopActor () -> Void] = []
    var numbers: [Int32] = []
    var reader: SignalReader?

    var mask: UInt64 { numbers.reduce(0) { $0 | 1 << UInt64($1 - 1) } }
}

extension EventLoop {
    /// Keeps the signals from ending the process before `onSignal`: call it first thing in `main`,
    /// because a thread inherits the mask of the one that starts it.
    nonisolated package static func block(signals: [Int32]) {
        for signal in signals { _ = pms_signal_block(signal) }
    }

    /// Runs the body on the loop each time the signal arrives; a later body replaces the earlier.
    ///
    /// Signals that arrive close together may be reported once. Traps for numbers outside 1...64.
    package func onSignal(_ signal: Int32, _ body: @escaping @LoopActor () -> Void) {
        precondition((1...64).contains(signal), "no such signal: \(signal)")
        if let index = signals.numbers.firstIndex(of: signal) {
            signals.bodies[index] = body
            return
        }
        signals.numbers.append(signal)
        signals.bodies.append(body)
        let fd = pms_signalfd(signals.reader?.fd ?? -1, signals.mask)
        precondition(fd >= 0, "signalfd: errno \(errno)")
        if signals.reader == nil {
            let reader = SignalReader(loop: self, fd: fd)
            signals.reader = reader
            _ = register(fd: fd, .readable, reader)
        }
    }

    fileprivate func signalReceived(_ signal: Int32) {
        guard let index = signals.numbers.firstIndex(of: signal) else { return }
        signals.bodies[index]()
    }
}

/// Reads the signalfd of the loop; both live as long as the process.
final class SignalReader: DescriptorHandler {
    private let loop: EventLoop
    let fd: Int32

    init(loop: EventLoop, fd: Int32) {
        self.loop = loop
        self.fd = fd
    }

    func descriptorReady(_ readiness: Readiness) {
        while true {
            let signal = pms_signalfd_next(fd)
            guard signal != 0 else { return }
            loop.signalReceived(signal)
        }
    }
}
