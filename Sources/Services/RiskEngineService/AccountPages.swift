import Bytes
import Chronology
import Reactor
import Trading
import WebServer

/// The answer about many accounts, a page in each turn of the loop and no faster than it is read, so
/// that it holds neither the loop nor memory. An account that is gone by its turn is left out.
@LoopActor final class AccountPages {
    /// Accounts that are told of at once: some 0.3 ms with five positions each.
    static let page = 50
    /// A page ends behind the account that comes over so many bytes: well within a connection's room.
    private static let pageBytes = 64 << 10
    /// Bytes that may wait for the reader before the next page is made.
    private static let backlog = 128 << 10
    private static let pause = Interval.milliseconds(2)

    private let loop: any Loop
    private let stream: WebStream
    private let names: [AccountID]
    /// Writes an account where there is something to say of it.
    private let write: @LoopActor (AccountID, inout JSONWriter) -> Void
    private var next = 0
    private var timer: LoopTimer?
    private var out = JSONWriter(capacity: 32 << 10)

    init(
        _ names: [AccountID], loop: any Loop, _ stream: WebStream,
        _ write: @escaping @LoopActor (AccountID, inout JSONWriter) -> Void
    ) {
        self.names = names
        self.loop = loop
        self.stream = stream
        self.write = write
    }

    /// The timer keeps it until its end, or the client's.
    func go() {
        timer = loop.timer { self.turn() }
        turn()
    }

    private func turn() {
        guard stream.isOpen else { return end() }
        guard stream.queuedBytes < AccountPages.backlog else {
            timer?.arm(after: AccountPages.pause)
            return
        }
        guard tell() else { return end() }
        if next < names.count {
            timer?.arm(at: loop.now)
        } else {
            stream.finish()
            end()
        }
    }

    /// Sends the next page; false where it cannot be sent.
    private func tell() -> Bool {
        if next == 0 { out.beginArray() }
        let last = min(next + AccountPages.page, names.count)
        while next < last, out.count < AccountPages.pageBytes {
            write(names[next], &out)
            next += 1
        }
        if next == names.count { out.endArray() }
        let bytes = out.bytes
        out.removeWritten()
        return bytes.isEmpty || stream.send(bytes.rawSpan)
    }

    private func end() { timer = nil }
}
