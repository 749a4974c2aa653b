import BusProtocol
import Chronology
import Positions
import Trading

/// What is done about a difference that no trade explains, and how a person is told of it.
extension SyncDesk {
    // MARK: corrections

    /// The corrections of the differences that are confirmed, where a mark to book them at is known
    /// and no order of the symbol is in doubt (B4e).
    func corrections(
        _ comparison: SyncComparison, _ books: SyncBooks, _ wall: WallTime
    ) -> [SharedCorrection] {
        watch.reported.compactMap { symbol in
            guard comparison.differences[symbol] != nil,
                obstacle(symbol, comparison, books, wall) == nil
            else { return nil }
            return correction(symbol, comparison, books, wall)
        }
    }

    private func correction(
        _ symbol: Symbol, _ comparison: SyncComparison, _ books: SyncBooks, _ wall: WallTime
    ) -> SharedCorrection {
        let net = books.net(symbol)
        return SharedCorrection(
            symbol: symbol, difference: comparison.differences[symbol] ?? .zero,
            mark: mark(symbol, comparison, books, wall) ?? .zero,
            step: books.steps[symbol] ?? .zero,
            evidence: "\(comparison.venueNet(symbol)):\(net.quantity):\(net.versions):\(books.sequence)",
            atMilliseconds: wall.milliseconds)
    }

    /// Why a confirmed difference cannot be corrected now; nil where it can.
    private func obstacle(
        _ symbol: Symbol, _ comparison: SyncComparison, _ books: SyncBooks, _ wall: WallTime
    ) -> String? {
        if let order = books.orders.first(where: { $0.intent.symbol == symbol && $0.isInDoubt }) {
            return "order \(order.intent.clientOrderID.text) is \(order.status)"
        }
        if mark(symbol, comparison, books, wall) == nil { return "no mark younger than 10 s" }
        return nil
    }

    /// The venue's own mark, or the feed's where it is fresh.
    private func mark(
        _ symbol: Symbol, _ comparison: SyncComparison, _ books: SyncBooks, _ wall: WallTime
    ) -> Price? {
        if let mark = comparison.marks[symbol], mark.isPositive { return mark }
        guard let known = books.marks[symbol], known.price.isPositive,
            wall - WallTime(milliseconds: known.atMilliseconds) <= SyncLimits.markAge
        else { return nil }
        return known.price
    }

    /// Brings changes of several books in; the next round tells what it led to.
    func settle(
        _ subjects: [SharedSubject], _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        load(books)
        step = .settling
        askedAt = now
        perform(ledger.resume(), now, wall, &out)
        var actions: [SharedTrades.Action] = []
        for subject in subjects { actions += shared.submit(subject, ledger).actions }
        perform(actions, now, wall, &out)
        finishSettling(now, wall, &out)
    }

    func finishSettling(_ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]) {
        guard case .settling = step, shared.pendingCount == 0, ledger.pendingCount == 0 else {
            return
        }
        rest(SyncLimits.soon, now, wall, &out)
    }

    /// A change of several books is in the ledger, or has been before.
    func settled(
        _ subject: SharedSubject, _ parts: [LedgerCommand], _ sequence: Int64?,
        _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        switch subject {
        case .trade: return
        case .funding(let funding):
            // Booked, now or before: only then it is not looked for again.
            let booked = min(funding.atMilliseconds, gate.heldSince ?? .max)
            fundingSince = max(fundingSince ?? 0, booked)
            if sequence != nil { fundingsApplied += 1 }
            // Also where it was booked before: the answer to a call of ours may have been lost.
            tellUnsplit(funding, parts, wall, &out)
        case .transfer(let transfer): transferred(transfer, wall, &out)
        case .correction(let correction):
            guard sequence != nil else { return }
            corrected += 1
            let text = SyncDesk.text(parts.map(\.change))
            alert(
                "position_corrected",
                "books of \(correction.symbol) made equal to the venue: \(text)",
                correction.symbol, wall, &out)
        }
    }

    /// Funding that went to the `external` book, though not it alone held the symbol: a person may
    /// move it.
    private func tellUnsplit(
        _ funding: SharedFunding, _ parts: [LedgerCommand], _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        let holders = funding.holdings.filter { !$0.value.isZero }.keys.sorted()
        guard parts.map(\.change.account) == [.external], holders != [.external] else { return }
        let why =
            funding.isUnknown
            ? "the journal no longer tells what the books held then"
            : "what the books held then is not what the exchange paid for"
        alert(
            "funding_external",
            "funding \(funding.transactionID) of \(funding.amount) on \(funding.symbol) is booked to "
                + "the external book: \(why)", funding.symbol, wall, &out)
    }

    /// `alpha closes 0.2 at 50000, external takes -0.1 at 50000`.
    static func text(_ changes: [LedgerChange]) -> String {
        changes.map { change in
            guard case .adjustment(let delta, let price, let isClose) = change.subject else {
                return change.account.name
            }
            let verb = isClose ? "closes \(delta.magnitude)" : "takes \(delta)"
            return "\(change.account) \(verb) at \(price)"
        }.joined(separator: ", ")
    }

    // MARK: unexplained

    /// A symbol that has differed for 60 s takes no new risk until it is equal again.
    func limitUnexplained(
        _ comparison: SyncComparison, _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        for symbol in comparison.compared {
            let isReducing = books.reducing.contains(symbol)
            guard let difference = comparison.differences[symbol] else {
                if isReducing {
                    out.append(.release(symbol))
                    alert(
                        "symbol_released", "\(symbol) equals the venue again and takes new risk",
                        symbol, wall, &out)
                }
                continue
            }
            guard let since = watch.differingSince(symbol), !isReducing,
                now - since >= SyncLimits.explanation
            else { continue }
            let why = "venue differs from books by \(difference), unexplained for 60 s"
            out.append(.reduce(symbol, why: why))
            alert("symbol_reducing", "\(symbol): \(why): only what reduces passes", symbol, wall, &out)
        }
    }

    // MARK: balances

    /// Holds the venue's money against the books': what the wallet would be with every position
    /// closed at nought differs by a constant, the money that no book was given. It is compared only
    /// where positions are, and a change must be seen twice.
    func compareMoney(
        _ comparison: SyncComparison, _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        guard comparison.differences.isEmpty, comparison.busy.isEmpty, comparison.isQuiet,
            let flat = comparison.flatWallet
        else { return }
        var own = Money.zero
        var turnover = Money.zero
        for balance in books.balances.values {
            own += balance.realised - balance.fees + balance.funding
        }
        for positions in books.positions.values {
            for position in positions.values {
                let cost = position.entryPrice.times(position.quantity, .nearestEven)
                own -= cost
                turnover += cost.magnitude
            }
        }
        switch money.compared(flat - own, turnover: turnover, known: books.moneyOffset, now: now) {
        case .nothing: return
        // Before it is told, it is looked for at the end of this round.
        case .suspected: fundingAskedAt = .distantPast
        case .changed(let offset, let by):
            out.append(.saveOffset(offset))
            guard let by else { return }
            out.append(
                .alert(
                    Alert(
                        code: "balance_mismatch",
                        text: "the venue's wallet changed by \(by) beyond what the books know: a "
                            + "deposit, a withdrawal, or a fee in another asset",
                        details: ["difference": by.text], stamp: stamp(wall))))
        }
    }

    // MARK: telling a person

    /// What a round found and what follows from it, a line a symbol.
    func explain(
        _ comparison: SyncComparison, _ books: SyncBooks, _ now: Instant, _ wall: WallTime
    ) {
        findings = [:]
        for symbol in comparison.busy {
            findings[symbol] = "left out: a book or an order moved while the venue was asked"
        }
        load(books)
        for (symbol, difference) in comparison.differences {
            let net = books.net(symbol).quantity
            var text =
                "venue \(comparison.venueNet(symbol)), books \(net), difference \(difference): "
            if let obstacle = obstacle(symbol, comparison, books, wall) {
                text += "cannot be corrected: \(obstacle)"
            } else {
                let subject = SharedSubject.correction(
                    correction(symbol, comparison, books, wall))
                let change = SyncDesk.text(subject.changes(ledger))
                text +=
                    watch.reported.contains(symbol)
                    ? "confirmed: \(change)"
                    : "if it is the same after 10 s and no missed trade explains it: \(change)"
            }
            findings[symbol] = text
        }
    }
}

extension OrderRecord {
    /// Whether the venue may do something with it that is not on record yet.
    var isInDoubt: Bool {
        switch status {
        case "intent", "sent", "unknown", "pending_cancel", "pending_amend": true
        case _: false
        }
    }
}

/// Watches the money that the venue has and no book was given.
struct MoneyWatch {
    enum Verdict: Equatable {
        case nothing
        /// It has changed: by funding that is not booked yet, most likely, which is asked for.
        case suspected
        /// The money is to be remembered; `by` is nil the first time.
        case changed(Money, by: Money?)
    }

    private var candidate: (offset: Money, seenAt: Instant)?

    /// Takes what was found where positions are equal and nothing moved.
    mutating func compared(
        _ offset: Money, turnover: Money, known: Money?, now: Instant
    ) -> Verdict {
        guard let known else { return .changed(offset, by: nil) }
        // The venue's entry prices are rounded to some digits.
        let tolerance = Money(units: 10_000_000_000) + turnover.scaled(
            by: Ratio(units: 1_000_000), .up)
        if (offset - known).magnitude <= tolerance {
            candidate = nil
            return .nothing
        }
        guard let seen = candidate, (seen.offset - offset).magnitude <= tolerance else {
            candidate = (offset, now)
            return .suspected
        }
        // Two trades that cancel each other out may both be missing for as long as a gateway is; and
        // a question for funding may fail.
        guard now - seen.seenAt >= SyncLimits.explanation else { return .suspected }
        candidate = nil
        return .changed(offset, by: offset - known)
    }
}
