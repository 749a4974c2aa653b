import BusProtocol
import Chronology
import Margin
import Trading

/// The desk's accounts and symbols as numbers of the grid that follows the marks.
struct GridIndex {
    var grid = MarginGrid()
    private(set) var names: [AccountID] = []
    private var accounts: [AccountID: Int32] = [:]
    private var contracts: [Symbol: Int] = [:]

    mutating func number(of account: AccountID) -> Int32 {
        if let number = accounts[account] { return number }
        let number = grid.addAccount(wallet: .zero)
        accounts[account] = number
        names.append(account)
        if account == .external { grid.update(number) { $0.tier = nil } }
        return number
    }

    mutating func contract(of symbol: Symbol) -> Int {
        if let number = contracts[symbol] { return number }
        let number = grid.addContract(.conservative)
        contracts[symbol] = number
        return number
    }

    mutating func take(_ account: AccountID, _ mirror: AccountMirror) {
        let number = number(of: account)
        grid.update(number) {
            $0.wallet = mirror.wallet
            if account != .external { $0.tier = mirror.tier }
        }
        for symbol in mirror.heldSymbols { take(account, symbol, mirror) }
    }

    mutating func take(_ account: AccountID, _ symbol: Symbol, _ mirror: AccountMirror) {
        let position = mirror.positions[symbol]
        grid.setPosition(
            number(of: account), contract(of: symbol), position?.quantity ?? .zero,
            entryPrice: position?.entryPrice ?? .zero)
    }
}

extension RiskDesk {
    /// Builds the grid anew from the mirror; accounts in the order of their names.
    func rebuildGrid() {
        index = GridIndex()
        for account in accounts.keys.sorted() {
            if let mirror = accounts[account] { index.take(account, mirror) }
        }
        for symbol in symbols.keys.sorted() { gridSymbolChanged(symbol) }
    }

    /// The symbol's brackets or mark have changed other than by a tick.
    func gridSymbolChanged(_ symbol: Symbol) {
        guard let known = symbols[symbol] else { return }
        let contract = index.contract(of: symbol)
        index.grid.setBrackets(contract, known.brackets ?? .conservative)
        followMark(contract, known.mark, .distantPast)
    }

    /// Lets the accounts follow a mark; those that are due are in `due`.
    func followMark(_ contract: Int, _ mark: Price, _ now: Instant) {
        due.removeAll(keepingCapacity: true)
        index.grid.markReceived(contract, mark, now: now, &due)
    }

    /// An account has been evaluated: when a mark may make it due again.
    /// - Parameter isHeldBack: its snapshot was not written, and is due without another mark.
    func gridEvaluated(_ account: AccountID, _ now: Instant, isHeldBack: Bool) {
        let number = index.number(of: account)
        let next = now + evaluationInterval
        let tier = accounts[account]?.tier
        index.grid.update(number) {
            $0.notBefore = next
            $0.atOnce = min(next, now + RiskLimits.atOnce)
            $0.refreshAt = now + RiskLimits.refresh
            $0.isTouched = isHeldBack
            if $0.tier != nil { $0.tier = tier }
        }
    }

    /// Evaluates what a mark touched and was too early for, and what has waited too long.
    func evaluateWaiting(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        due.removeAll(keepingCapacity: true)
        for number in index.grid.accounts.indices {
            let account = index.grid.accounts[number]
            let isDue = account.isTouched && now >= account.notBefore
            if isDue || now >= account.refreshAt { due.append(Int32(number)) }
        }
        evaluateDue(now, wall, &out)
    }

    func evaluateDue(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        for place in due.indices {
            evaluate(index.names[Int(due[place])], isTick: true, now, wall, &out)
        }
    }
}
