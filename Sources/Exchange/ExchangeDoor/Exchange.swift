package import Bytes
package import Chronology

// ExchangeDoor: what every flavour of exchange needs at its door, whatever it trades.
// 1. A request is judged by the raw bytes that came: signatures never see re-encoded text.
// 2. A refusal is an `ExchangeError` with the venue's status, code and text, and changes nothing.
// 3. A journal line is on file as a whole or not at all; only the last one may be torn.

/// What an exchange asks of the sockets: connections are numbers, sends are values.
package enum SocketAction: Equatable, Sendable {
    case send(Int, [UInt8])
    case sendBinary(Int, [UInt8])
    /// One frame to many: its bytes are shared, not copied.
    case broadcast([Int], [UInt8], isText: Bool)
    case close(Int, code: UInt16, reason: String)
}

/// One flavour of exchange as the process sees it: requests, sockets, time and a journal.
///
/// What a call changed is in the journal before its reply or its socket actions may leave.
package protocol Exchange: AnyObject {
    /// The flavour's name, which is also its journal's.
    var name: String { get }
    /// The header that carries a request's key.
    var keyHeader: String { get }

    /// Answers one request.
    func respond(_ request: ExchangeRequest) -> ExchangeResponse

    // MARK: time

    /// When something is due next; before the first step, at once.
    var nextDue: Instant { get }
    /// Lets everything happen that is due up to `now`.
    func step(now: Instant, wall: WallTime)

    // MARK: sockets

    /// How sockets are kept alive.
    var socketRules: SocketRules { get }
    /// Takes a WebSocket that was opened at this path from this address; false where nothing is
    /// served there.
    func socketOpened(_ id: Int, path: String, query: [UInt8], remote: String) -> Bool
    func socketClosed(_ id: Int)
    /// Takes one message of a client.
    func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime)
    /// Appends what the sockets are to do since the last call.
    func takeSocketActions(_ actions: inout [SocketAction])

    // MARK: the operator's side

    /// Does something to the exchange from inside; what it changed is in the journal and told as
    /// after a request.
    ///
    /// - Throws: why it cannot be done, in words for the operator; nothing has changed then.
    func operate(_ operation: ExchangeOperation, wall: WallTime) throws(ExchangeError)
    /// Writes elements of a part of the truth into the array that is open, about `limit` of them,
    /// from a cursor on.
    ///
    /// - Returns: where the next call goes on; nil at the end.
    func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor?

    // MARK: journal

    /// Lines since the last call; on file before anything else leaves.
    func takeJournal() -> [UInt8]
    /// Writes the whole state as lines in pieces; from now on changes are gathered behind them.
    func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure)
    /// Takes one fact of a journal line back.
    func replay(_ fact: JSONValue) throws(JSONError)
    /// Ends the replay: all lines up to this number are taken.
    func reopen(after line: Int) throws(JournalProblem)
}

extension Exchange {
    package func operate(_ operation: ExchangeOperation, wall: WallTime) throws(ExchangeError) {
        throw .noSuchOperation
    }

    package func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? { nil }
}
