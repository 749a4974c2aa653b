import BusProtocol
package import Chronology
import Positions
import Trading

/// The logic of position-sync: takes what happened, says what to do; no I/O, no clock.
package final class SyncDesk {
    /// Where the desk is in a round.
    enum Step {
        case standby
        case idle(until: Instant)
        case readingBooks
        case askingVenue(before: SyncBooks)
        case readingBooksAgain(before: SyncBooks, SyncVenue)
        case searching(TradeSearch)
        /// Changes of several books are on their way.
        case settling
        case readingFunding(Interval)
        case readingTransfer(Command, TransferBody)
    }

    private let writer: String
    private let interval: Interval

    var step = Step.standby
    /// The lease's fencing number; nil without the lease.
    var fence: Int64?
    private var isRedisUp = false
    /// The request that an answer is awaited for.
    private var request: UInt64 = 0
    var askedAt = Instant.distantPast
    var ledger: LedgerMachine
    /// Trades of nobody's order on their way into the books.
    var shared = SharedTrades()
    var isSharedRetryDue = false
    /// Accounts whose ledger change is to be tried again at the next wake.
    var retries: [AccountID] = []
    private(set) var watch = MismatchWatch()
    var money = MoneyWatch()
    /// Which funding may be split over the books now.
    var gate = FundingGate()
    /// Up to which trade a symbol that differs has been looked through, from the ledger's first on.
    var lookedUpTo: [Symbol: Int64] = [:]
    /// When the present round was begun.
    var roundBegunAt = WallTime(milliseconds: 0)
    private var isHedgeTold = false
    private(set) var lastComparison: SyncComparison?
    private var lastSequence: Int64 = 0
    private(set) var lastResult = ""
    var tradesApplied: Int64 = 0
    var fundingsApplied: Int64 = 0
    var corrected: Int64 = 0
    var fundingAskedAt = Instant.distantPast
    /// The time up to which all funding is booked.
    var fundingSince: Int64?
    /// Requests that wait for the round to end, the one it is made for, and what it found.
    var commands: [Command] = []
    var round: Command?
    var isDry = false
    var findings: [Symbol: String] = [:]
    /// Transfers on their way, by request.
    var transfers: [String: (Command, TransferBody)] = [:]
    private var recordSequence: Int64 = 0

    /// When the desk wants to be woken next.
    package var nextWake = Instant.distantPast

    /// - Parameters:
    ///   - writer: `position-sync:<instance>`.
    ///   - settlementAsset: the asset fees are taken from the wallet in.
    ///   - interval: between comparisons that found nothing.
    package init(
        writer: String, settlementAsset: String = "USDT", interval: Interval = SyncLimits.interval
    ) {
        self.writer = writer
        self.interval = interval
        ledger = LedgerMachine(settlementAsset: settlementAsset)
    }

    /// Why nothing is being compared; empty where it is.
    package var readiness: [String] {
        if !isRedisUp { return ["redis is away"] }
        return fence == nil ? ["another position-sync holds the lease"] : []
    }

    /// Takes one event; what is to be done is added to `out`, in order.
    package func handle(
        _ event: SyncEvent, now: Instant, wall: WallTime, _ out: inout [SyncAction]
    ) {
        switch event {
        case .redisUp: isRedisUp = true
        case .redisDown:
            isRedisUp = false
            abandon()
        case .leaseGained(let number): fence = number
        case .leaseLost:
            fence = nil
            abandon()
        case .booksRead(let number, let books):
            if isAwaited(number) { booksRead(books, now, wall, &out) }
        case .venueRead(let number, let venue):
            if isAwaited(number) { venueRead(venue, now, &out) }
        case .anchorsRead(let number, let anchors):
            if isAwaited(number) { anchorsRead(anchors, now, &out) }
        case .tradesRead(let number, let fills, let isFull):
            if isAwaited(number) { tradesRead(fills, isFull: isFull, now, wall, &out) }
        case .tradesChecked(let number, let applied):
            if isAwaited(number) { tradesChecked(applied, now, wall, &out) }
        case .orderRead(let number, let id):
            if isAwaited(number) { orderRead(id, now, wall, &out) }
        case .recordRead(let number, let record):
            if isAwaited(number) { recordRead(record, now, wall, &out) }
        case .failed(let number, let reason, let pause):
            if isAwaited(number) { failed(reason, retryAfter: pause, now, wall, &out) }
        case .ledgerReplied(let token, let reply): ledgerReplied(token, reply, now, wall, &out)
        case .sharedReplied(let token, let reply): sharedReplied(token, reply, now, wall, &out)
        case .command(let command): commandReceived(command, now, wall, &out)
        case .transferRead(let number, let reading):
            if isAwaited(number) { transferRead(reading, now, wall, &out) }
        case .fundingRead(let number, let reading):
            if isAwaited(number) { fundingRead(reading, now, wall, &out) }
        case .woken: woken(now, wall, &out)
        }
        startIfPossible(now)
    }

    // MARK: rounds

    private func isAwaited(_ number: UInt64) -> Bool {
        guard number == request else { return false }
        request += 1
        return true
    }

    /// Makes a request with the number that its answer must carry.
    func ask(_ now: Instant, _ out: inout [SyncAction], _ make: (UInt64) -> SyncAction) {
        request += 1
        askedAt = now
        out.append(make(request))
    }

    private func abandon() {
        commands = []
        round = nil
        isDry = false
        step = .standby
        request += 1
        dropWrites()
    }

    /// What is not in the books yet is found again at the venue.
    private func dropWrites() {
        ledger.suspend()
        retries = []
        shared.abandon()
        isSharedRetryDue = false
        // Who asked hears nothing: repeating the request is harmless.
        transfers = [:]
    }

    private func startIfPossible(_ now: Instant) {
        guard case .standby = step, isRedisUp, fence != nil else { return }
        step = .idle(until: now)
        nextWake = now
    }

    private func woken(_ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]) {
        nextWake = now + SyncLimits.wake
        switch step {
        case .standby: return
        case .idle(let until):
            guard now >= until, !beginCommand(now, wall, &out) else { return }
            step = .readingBooks
            roundBegunAt = wall
            ask(now, &out) { .readBooks($0) }
        case .readingBooks, .askingVenue, .readingBooksAgain, .searching, .settling,
            .readingFunding, .readingTransfer:
            let due = retries
            retries = []
            for account in due { perform(ledger.retry(account), now, wall, &out) }
            if isSharedRetryDue {
                isSharedRetryDue = false
                perform(shared.retry(ledger), now, wall, &out)
            }
            if now - askedAt > SyncLimits.answerDeadline {
                failed("no answer within 15 s", retryAfter: .zero, now, wall, &out)
            }
        }
    }

    private func booksRead(
        _ books: SyncBooks, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        switch step {
        case .readingBooks:
            step = .askingVenue(before: books)
            ask(now, &out) { .askVenue($0) }
        case .readingBooksAgain(let before, let venue):
            let comparison = SyncComparison(
                before: before, venue: venue, after: books, watched: watch.symbols, wall: wall)
            compared(comparison, books, now, wall, &out)
        case .standby, .idle, .askingVenue, .searching, .settling, .readingFunding,
            .readingTransfer:
            return
        }
    }

    private func venueRead(_ venue: SyncVenue, _ now: Instant, _ out: inout [SyncAction]) {
        guard case .askingVenue(let before) = step else { return }
        step = .readingBooksAgain(before: before, venue)
        ask(now, &out) { .readBooks($0) }
    }

    private func compared(
        _ comparison: SyncComparison, _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        lastComparison = comparison
        lastSequence = books.sequence
        if let row = comparison.hedgeRow {
            refused(row, now, wall, &out)
            return
        }
        isHedgeTold = false
        gate.compared(comparison, begunAt: roundBegunAt)
        lookedUpTo = lookedUpTo.filter { comparison.differences[$0.key] != nil }
        if isDry { return comparedDry(comparison, books, now, wall, &out) }
        let verdict = watch.snapshotTaken(
            compared: comparison.compared, differences: comparison.differences, now: now)
        for symbol in verdict.settled {
            alert("position_matched", "books equal the venue again: \(symbol)", symbol, wall, &out)
        }
        for symbol in verdict.confirmed {
            let difference = comparison.differences[symbol] ?? .zero
            alert(
                "position_mismatch", "venue differs from books by \(difference): \(symbol)", symbol,
                wall, &out)
        }
        let isSettled = comparison.differences.isEmpty
        let isMismatch = !watch.reported.isEmpty
        report(isMismatch ? .mismatch : isSettled ? .equal : .different, "", wall, &out)
        limitUnexplained(comparison, books, now, wall, &out)
        compareMoney(comparison, books, now, wall, &out)
        if round != nil { explain(comparison, books, now, wall) }
        let corrections = corrections(comparison, books, wall)
        // A symbol that is never quiet, and whose funding waits to be split.
        let owed = gate.wanted.intersection(comparison.busy)
        let sought = owed.union(comparison.differences.keys).sorted()
        if !corrections.isEmpty {
            settle(corrections.map { .correction($0) }, books, now, wall, &out)
        } else if sought.isEmpty {
            rest(comparison.busy.isEmpty ? interval : SyncLimits.soon, now, wall, &out)
        } else {
            search(sought, books, now, wall, &out)
        }
    }

    /// A dry run looks for missed trades too, and changes nothing.
    private func comparedDry(
        _ comparison: SyncComparison, _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        lastResult = comparison.differences.isEmpty ? "equal" : "different"
        explain(comparison, books, now, wall)
        if comparison.differences.isEmpty {
            rest(comparison.busy.isEmpty ? interval : SyncLimits.soon, now, wall, &out)
        } else {
            search(comparison.differences.keys.sorted(), books, now, wall, &out)
        }
    }

    /// Hedge mode: long and short rows are two positions, and no book says which it belongs to.
    private func refused(
        _ row: SyncVenue.Row, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        let reason = "the exchange account is in hedge mode: switch it to one-way mode"
        if !isHedgeTold { alert("hedge_mode", reason, row.symbol, wall, &out) }
        isHedgeTold = true
        report(.refused, reason, wall, &out)
        answerRound(reason, &out)
        step = .idle(until: now + interval)
    }

    /// Gives the round up; nothing is concluded from it.
    func failed(
        _ reason: String, retryAfter: Interval, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        request += 1
        dropWrites()
        gate.searchFailed()
        report(.failed, reason, wall, &out)
        answerRound("failed: \(reason)", &out)
        step = .idle(until: now + max(retryAfter, SyncLimits.afterFailure))
    }

    /// A round ended after a search: the next one tells what it led to.
    func searched(
        _ search: TradeSearch, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        let differing = lastComparison?.differences.keys.sorted() ?? []
        let isSoon = search.appliedAny || differing.isEmpty && lastComparison?.busy.isEmpty == false
        let pause =
            isSoon
            ? SyncLimits.soon
            : search.isEarly
                ? SyncLimits.graceOfTrades
                : watch.reported == differing ? interval : SyncLimits.confirmation
        rest(pause, now, wall, &out)
    }

    // MARK: records

    func stamp(_ wall: WallTime) -> RecordStamp {
        recordSequence += 1
        return RecordStamp(
            sequence: recordSequence, writer: writer, atMilliseconds: wall.milliseconds)
    }

    func alert(
        _ code: String, _ text: String, _ symbol: Symbol, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        out.append(
            .alert(
                Alert(
                    code: code, text: text, details: ["symbol": symbol.name], stamp: stamp(wall))))
    }

    private func report(
        _ result: SyncRecord.Result, _ reason: String, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        var record = SyncRecord(result: result, stamp: stamp(wall))
        record.reason = reason
        lastResult = reason.isEmpty ? result.rawValue : "\(result.rawValue): \(reason)"
        record.tradesApplied = tradesApplied
        record.ledgerSequence = lastSequence
        if let comparison = lastComparison {
            record.symbols = Int64(comparison.compared.count)
            record.busy = Int64(comparison.busy.count)
            record.ordersUnknown = Int64(comparison.ordersUnknown)
            record.ordersMissing = Int64(comparison.ordersMissing)
            for symbol in comparison.differences.keys.sorted() {
                record.differences.append((symbol, comparison.differences[symbol] ?? .zero))
            }
        }
        out.append(.report(record))
    }

    func searchFoundNothing(_ symbol: Symbol) { watch.searchFoundNothing(symbol) }

    /// Whether a difference was there before this round already.
    func isLasting(_ symbol: Symbol, _ now: Instant) -> Bool {
        watch.isLasting(symbol, now)
    }
}
