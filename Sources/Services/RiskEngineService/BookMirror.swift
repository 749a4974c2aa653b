import BusProtocol
import Chronology
import Margin
import Trading

/// All books and the symbols they hold, by number, and the grid that follows the marks under the same
/// numbers.
///
/// 1. A number is for good: an account or symbol that is gone keeps it.
/// 2. An account's positions, the grid's and the symbols' counts of holders say the same.
struct BookMirror {
    var accounts: ContiguousArray<AccountMirror> = []
    var symbols: ContiguousArray<SymbolMirror> = []
    var grid = MarginGrid()
    private var accountNumbers: [AccountID: Int32] = [:]
    private var symbolNumbers: [Symbol: Int32] = [:]

    // MARK: numbers

    /// The number of an account that is known; nil for any other.
    func number(of account: AccountID) -> Int? {
        guard let number = accountNumbers[account].map(Int.init), accounts[number].isKnown else {
            return nil
        }
        return number
    }

    /// The number of an account, given to it where it has none.
    mutating func taken(_ account: AccountID) -> Int {
        if let number = accountNumbers[account] { return revived(Int(number)) }
        let number = grid.addAccount(wallet: .zero)
        accountNumbers[account] = number
        accounts.append(AccountMirror(account))
        if account == .external { grid.update(number) { $0.tier = nil } }
        return Int(number)
    }

    private mutating func revived(_ number: Int) -> Int {
        if !accounts[number].isKnown {
            accounts[number].isKnown = true
            grid.update(Int32(number)) { $0.refreshAt = .distantPast }
        }
        return number
    }

    /// The number of a symbol; nil where it was never held.
    func contract(of symbol: Symbol) -> Int? { symbolNumbers[symbol].map(Int.init) }

    /// The number of a symbol, given to it where it has none.
    mutating func taken(_ symbol: Symbol) -> Int {
        if let number = symbolNumbers[symbol] { return Int(number) }
        let number = grid.addContract(.conservative)
        symbolNumbers[symbol] = Int32(number)
        symbols.append(SymbolMirror(symbol))
        return number
    }

    /// The contracts, ascending by symbol.
    var sortedContracts: [Int] {
        symbols.indices.sorted { symbols[$0].symbol < symbols[$1].symbol }
    }

    // MARK: changes

    /// An account was read: it stands as it was read from now on.
    mutating func take(_ load: RiskLoad.Account, number: UInt64) -> Int {
        let place = taken(load.id)
        accounts[place].take(load, number: number)
        let wallet = accounts[place].wallet
        grid.update(Int32(place)) {
            $0.wallet = wallet
            if $0.tier != nil { $0.tier = load.tier }
        }
        var gone = accounts[place].positions.map { symbols[Int($0.contract)].symbol }
        gone.removeAll { load.positions[$0]?.quantity.isZero == false }
        for symbol in gone { setPosition(place, taken(symbol), .zero, .zero, version: 0) }
        accounts[place].positions.reserveCapacity(load.positions.count)
        for symbol in load.positions.keys.sorted() {
            guard let held = load.positions[symbol] else { continue }
            setPosition(
                place, taken(symbol), held.quantity, held.entryPrice, version: held.version)
        }
        return place
    }

    /// Redis does not have it any more.
    mutating func forget(_ number: Int) {
        for held in accounts[number].positions {
            setPosition(number, Int(held.contract), .zero, .zero, version: 0)
        }
        accounts[number] = AccountMirror(accounts[number].name)
        accounts[number].isKnown = false
        grid.update(Int32(number)) {
            $0.wallet = .zero
            $0.refreshAt = .distantFuture
            $0.isTouched = false
            $0.isHeldBack = false
        }
    }

    /// Takes the state an entry leaves behind; one that is older than what was loaded is passed over.
    mutating func apply(_ entry: LedgerEntry) -> Int {
        let number = taken(entry.account)
        accounts[number].takeMoney(entry)
        let wallet = accounts[number].wallet
        grid.update(Int32(number)) { $0.wallet = wallet }
        guard let symbol = entry.symbol else { return number }
        let contract = taken(symbol)
        if let place = place(of: contract, number),
            entry.positionVersion < accounts[number].positions[place].version
        {
            return number
        }
        setPosition(
            number, contract, entry.position, entry.entryPrice, version: entry.positionVersion)
        return number
    }

    private func place(of contract: Int, _ number: Int) -> Int? {
        accounts[number].positions.firstIndex { Int($0.contract) == contract }
    }

    /// Sets a position; a flat one is taken out: the journal's numbers tell its order from then on.
    private mutating func setPosition(
        _ number: Int, _ contract: Int, _ quantity: Quantity, _ entryPrice: Price, version: Int64
    ) {
        let position = AccountMirror.Position(
            contract: Int32(contract), quantity: quantity, entryPrice: entryPrice, version: version)
        switch (place(of: contract, number), quantity.isZero) {
        case (nil, true): return
        case (let place?, true):
            accounts[number].positions.remove(at: place)
            symbols[contract].holderCount -= 1
        case (let place?, false): accounts[number].positions[place] = position
        case (nil, false):
            let symbol = symbols[contract].symbol
            let place = accounts[number].positions.firstIndex {
                symbol < symbols[Int($0.contract)].symbol
            }
            accounts[number].positions.insert(
                position, at: place ?? accounts[number].positions.count)
            symbols[contract].holderCount += 1
        }
        grid.setPosition(Int32(number), contract, quantity, entryPrice: entryPrice)
    }

    /// A symbol nobody holds any more: what was known of it is not kept up, nor is its mark, so that who
    /// holds it next is not valued by an old one.
    mutating func drop(_ contract: Int) {
        symbols[contract] = SymbolMirror(symbols[contract].symbol)
        grid.forgetMark(contract)
        grid.setBrackets(contract, .conservative)
    }
}
