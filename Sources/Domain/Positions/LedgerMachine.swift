package import Trading

/// Brings changes into the ledger, one script call in flight for each account, in order.
///
/// Pure: the driver carries `apply` actions to Redis and hands the replies back.
package struct LedgerMachine: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Call the ledger script.
        case apply(LedgerCommand)
        /// The change is in the ledger: by this call (`sequence` not nil), or since before.
        case booked(LedgerChange, totals: OrderTotals?, sequence: Int64?)
        /// A close at mark is not in the ledger and will not be by this call: its book has changed since it
        /// was planned, or its answer was lost. With what the ledger has booked of its order.
        case outdated(LedgerChange, totals: OrderTotals?)
        /// Call `retry(account)` a little later.
        case retryLater(AccountID)
        /// A newer writer took over: stop writing.
        case fenced
        /// The account cannot change until someone repairs a key; its changes wait.
        case stuck(AccountID, String)
    }

    struct Book: Equatable, Sendable {
        var balance = BookBalance()
        var positions: [Symbol: Position] = [:]
        var queue: [LedgerChange] = []
        var inFlight: LedgerCommand?
        /// The tick after a conflict repeats at once; only this many times in a row.
        var conflicts = 0
    }

    /// Changes waiting for one account; beyond it the venue's own history is the queue (recovery).
    package static let queueLimit = 10_000

    package var settlementAsset: String { arithmetic.settlementAsset }
    private let arithmetic: BookArithmetic
    private var books: [AccountID: Book] = [:]
    private var totals: [ClientOrderID: OrderTotals] = [:]
    /// The account of each call that is in flight, by its token.
    private var flights: [Int64: AccountID] = [:]
    private var nextToken: Int64 = 1
    package private(set) var isSuspended = true

    /// - Parameter takesFeesInKind: whether a position is coins that are held, so that a fee in the
    ///   symbol's own base asset comes out of it (F8), as on spot.
    package init(settlementAsset: String, takesFeesInKind: Bool = false) {
        arithmetic = BookArithmetic(
            settlementAsset: settlementAsset, takesFeesInKind: takesFeesInKind)
    }

    // MARK: what is known

    package func balance(_ account: AccountID) -> BookBalance? { books[account]?.balance }
    package func position(_ account: AccountID, _ symbol: Symbol) -> Position {
        books[account]?.positions[symbol] ?? Position()
    }
    /// The sum over all books: what the exchange should hold.
    package func net(_ symbol: Symbol) -> Quantity {
        var sum = Quantity.zero
        for book in books.values { sum += book.positions[symbol]?.quantity ?? .zero }
        return sum
    }
    /// Symbols in which some book is not flat, ascending.
    package var openSymbols: [Symbol] {
        var symbols: Set<Symbol> = []
        for book in books.values {
            for (symbol, position) in book.positions where !position.quantity.isZero {
                symbols.insert(symbol)
            }
        }
        return symbols.sorted()
    }
    /// Changes submitted and not yet in the ledger.
    package var pendingCount: Int { books.values.reduce(0) { $0 + $1.queue.count } }

    /// Whether nothing waits for an account.
    package func isSettled(_ account: AccountID) -> Bool { books[account]?.queue.isEmpty ?? true }

    /// Whether `submit` would take a change of this account.
    package func hasRoom(for account: AccountID) -> Bool {
        books[account]?.queue.count ?? 0 < LedgerMachine.queueLimit
    }

    /// What each book holds of a symbol, signed; flat ones left out.
    package func holdings(_ symbol: Symbol) -> [AccountID: Quantity] {
        books.compactMapValues { book in
            book.positions[symbol].flatMap { $0.quantity.isZero ? nil : $0.quantity }
        }
    }

    /// What books will be changed of a symbol without a trade, once the ledger has what waits.
    package func waitingAdjustments(_ symbol: Symbol) -> Quantity {
        var sum = Quantity.zero
        for book in books.values {
            for change in book.queue where change.symbol == symbol {
                guard case .adjustment(let delta, _, _) = change.subject else { continue }
                sum += delta
            }
        }
        return sum
    }

    /// Takes over what others have made of a symbol's books; one with changes of ours that wait
    /// learns it from their answers.
    package mutating func refresh(_ symbol: Symbol, _ positions: [AccountID: Position]) {
        for (account, position) in positions where books[account]?.queue.isEmpty ?? true {
            let known = books[account]?.positions[symbol]?.version ?? 0
            guard position.version > known else { continue }
            books[account, default: Book()].positions[symbol] = position
        }
    }

    // MARK: trades over several books

    /// The call a change would be, from the books as they are; nothing waits for it here.
    func planned(_ change: LedgerChange) -> LedgerCommand {
        plan(change, books[change.account] ?? Book())
    }

    /// Takes over what a shared trade made of a book.
    mutating func adopt(shared command: LedgerCommand) {
        let account = command.change.account
        books[account, default: Book()].balance = command.balance
        if let symbol = command.change.symbol {
            books[account]?.positions[symbol] = command.position
        }
    }

    /// Takes over how a book stands.
    mutating func adopt(shared snapshot: LedgerSnapshot, _ change: LedgerChange) {
        books[change.account, default: Book()].balance = snapshot.balance
        if let symbol = change.symbol {
            books[change.account]?.positions[symbol] = snapshot.position
        }
    }

    // MARK: loading

    /// Takes over what Redis holds of an account; waiting changes stay.
    package mutating func load(
        _ account: AccountID, balance: BookBalance, positions: [Symbol: Position]
    ) {
        var book = books[account] ?? Book()
        book.balance = balance
        book.positions = positions
        if let token = book.inFlight?.token { flights[token] = nil }
        book.inFlight = nil
        books[account] = book
    }

    /// Takes over what Redis holds of an order.
    package mutating func load(_ order: ClientOrderID, _ loaded: OrderTotals) {
        totals[order] = loaded
    }

    /// Drops the totals of an order that is done.
    package mutating func forget(_ order: ClientOrderID) { totals[order] = nil }

    /// Nothing is sent until `resume`; what is in flight counts as unanswered.
    package mutating func suspend() {
        isSuspended = true
        for account in flights.values { books[account]?.inFlight = nil }
        flights = [:]
    }

    /// Sends on, what was unanswered first.
    package mutating func resume() -> [Action] {
        isSuspended = false
        var actions: [Action] = []
        for account in books.keys.sorted() {
            doubtClose(account)
            actions += advance(account)
        }
        return actions
    }

    // MARK: events

    /// A change is wanted; one that waits already is not taken twice. False means the queue is full.
    package mutating func submit(_ change: LedgerChange) -> (isTaken: Bool, actions: [Action]) {
        var book = books[change.account] ?? Book()
        let isWaiting = book.queue.contains {
            $0.symbol == change.symbol && $0.identity == change.identity
        }
        if isWaiting { return (true, []) }
        guard book.queue.count < LedgerMachine.queueLimit else { return (false, []) }
        book.queue.append(change)
        books[change.account] = book
        return (true, advance(change.account))
    }

    /// Takes an account's waiting trades of no order back, oldest first: whose they are is to be
    /// decided anew. For use while suspended; what may have arrived is found again by its trade id.
    package mutating func withdrawUnowned(_ account: AccountID) -> [Fill] {
        var fills: [Fill] = []
        books[account]?.queue.removeAll { change in
            guard case .fill(let fill, nil) = change.subject else { return false }
            fills.append(fill)
            return true
        }
        return fills
    }

    /// Takes waiting closes at mark back whose order does not wait for them any more. For use while
    /// suspended; one that has arrived is on the order's record.
    package mutating func withdrawCloses(unless isWanted: (ClientOrderID) -> Bool) {
        for account in books.keys {
            books[account]?.queue.removeAll { change in
                change.closing.map { !isWanted($0.order) } ?? false
            }
        }
    }

    /// The time after `retryLater` has passed.
    package mutating func retry(_ account: AccountID) -> [Action] { advance(account) }

    /// A script call was answered; answers to calls that are no longer waited for are ignored.
    package mutating func replied(_ token: Int64, _ reply: LedgerReply) -> [Action] {
        guard let account = flights.removeValue(forKey: token),
            let command = books[account]?.inFlight
        else { return [] }
        books[account]?.inFlight = nil
        switch reply {
        case .applied(let sequence):
            books[account]?.conflicts = 0
            adopt(command)
            return finish(command, sequence) + advance(account)
        case .duplicate(let snapshot):
            books[account]?.conflicts = 0
            adopt(snapshot, command.change)
            return finish(command, nil) + advance(account)
        case .conflict(let snapshot):
            adopt(snapshot, command.change)
            if let closing = command.change.closing,
                closing.isAsked
                    || snapshot.position?.version ?? 0 != closing.positionVersion
            {
                books[account]?.queue.removeFirst()
                books[account]?.conflicts = 0
                let known = totals[closing.order]
                return [.outdated(command.change, totals: known)] + advance(account)
            }
            books[account]?.conflicts += 1
            // Two writers that collide again and again take a rest.
            if books[account]?.conflicts ?? 0 > 8 { return later(account) }
            return advance(account)
        case .fenced:
            isSuspended = true
            return [.fenced]
        case .wrong(let what):
            return [.stuck(account, what)] + later(account)
        case .unknown, .refused: return later(account)
        }
    }

    /// The first that waits is tried again after a pause.
    private mutating func later(_ account: AccountID) -> [Action] {
        doubtClose(account)
        return [.retryLater(account)]
    }

    /// The mark of a close that waits is not that of when it will be sent.
    private mutating func doubtClose(_ account: AccountID) {
        guard books[account]?.queue.first?.closing != nil else { return }
        books[account]?.queue[0].closing?.isAsked = true
    }

    private mutating func adopt(_ command: LedgerCommand) {
        let change = command.change
        books[change.account]?.balance = command.balance
        if let symbol = change.symbol {
            books[change.account]?.positions[symbol] = command.position
        }
        if let order = command.order { totals[order.id] = order.after }
    }

    private mutating func adopt(_ snapshot: LedgerSnapshot, _ change: LedgerChange) {
        books[change.account]?.balance = snapshot.balance
        if let symbol = change.symbol {
            books[change.account]?.positions[symbol] = snapshot.position
        }
        if let order = change.order, let loaded = snapshot.order { totals[order] = loaded }
    }

    private mutating func finish(_ command: LedgerCommand, _ sequence: Int64?) -> [Action] {
        books[command.change.account]?.queue.removeFirst()
        let known = command.change.order.flatMap { totals[$0] }
        return [.booked(command.change, totals: known, sequence: sequence)]
    }

    private mutating func advance(_ account: AccountID) -> [Action] {
        guard !isSuspended, let book = books[account], book.inFlight == nil,
            let change = book.queue.first
        else { return [] }
        let command = plan(change, book)
        nextToken += 1
        books[account]?.inFlight = command
        flights[command.token] = account
        return [.apply(command)]
    }

    // MARK: the call

    private func plan(_ change: LedgerChange, _ book: Book) -> LedgerCommand {
        var position = change.symbol.map { book.positions[$0] ?? Position() }
        var balance = book.balance
        balance.version += 1
        let legs = arithmetic.legs(of: change, &position, &balance)
        var command = LedgerCommand(
            token: nextToken, change: change,
            positionBefore: change.symbol.flatMap { book.positions[$0]?.version } ?? 0,
            balanceBefore: book.balance.version, position: position, balance: balance, legs: legs,
            order: nil)
        if case .fill(let fill, let order?) = change.subject {
            let before = totals[order] ?? OrderTotals()
            var after = before
            after.add(fill)
            command.order = LedgerCommand.OrderPart(id: order, before: before, after: after)
        }
        if let closing = change.closing, case .adjustment(_, let price, _) = change.subject {
            // Of a book or a mark of before it is only asked whether the close is in the ledger.
            if closing.isAsked || command.positionBefore != closing.positionVersion {
                command.positionBefore = LedgerCommand.question
            }
            let before = totals[closing.order] ?? OrderTotals()
            var after = before
            after.add(atMark: legs, price)
            command.order = LedgerCommand.OrderPart(
                id: closing.order, before: before, after: after)
        }
        return command
    }
}
