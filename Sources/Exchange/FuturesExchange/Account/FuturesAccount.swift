internal import ExchangeDoor
internal import ExchangeMarkets
package import Matching
package import Trading

/// One account: what it has, and how it is set.
internal struct FuturesAccount: Sendable {
    let name: String
    /// What it has in each market, by the market's number.
    var stakes: [Stake]
    /// In USDT.
    var wallet: Money
    /// When the wallet changed last; its first change is the deposit the account starts with.
    var walletUpdatedAt: Int64 = 0
    /// Numbers of markets with a position or open orders, ascending.
    var active: [Int] = []
    var mode = AccountMode()
    var algos = AlgoTable()
    /// Changes of the wallet other than by trades, oldest first.
    var incomes: [Income] = []
    /// Whether it was told that its margin runs out.
    var isWarned = false
    /// Client order ids at the door, for the truth.
    var arrivals = ArrivalLog()

    init(_ name: String, _ settings: FuturesSettings) {
        self.name = name
        wallet = settings.balance
        stakes = settings.listings.map { listing in
            // A symbol may not allow the usual leverage.
            Stake(leverage: min(settings.leverage, listing.brackets.first?.leverage ?? 1))
        }
    }
}

/// The account that is being served.
extension FuturesDesk {
    package internal(set) var stakes: [Stake] {
        _read { yield accounts[serving].stakes }
        _modify { yield &accounts[serving].stakes }
    }
    package internal(set) var wallet: Money {
        get { accounts[serving].wallet }
        set { accounts[serving].wallet = newValue }
    }
    internal var walletUpdatedAt: Int64 {
        get { accounts[serving].walletUpdatedAt }
        set { accounts[serving].walletUpdatedAt = newValue }
    }
    internal var active: [Int] {
        _read { yield accounts[serving].active }
        _modify { yield &accounts[serving].active }
    }
    package internal(set) var mode: AccountMode {
        get { accounts[serving].mode }
        set { accounts[serving].mode = newValue }
    }
    internal var algos: AlgoTable {
        _read { yield accounts[serving].algos }
        _modify { yield &accounts[serving].algos }
    }
    package internal(set) var incomes: [Income] {
        _read { yield accounts[serving].incomes }
        _modify { yield &accounts[serving].incomes }
    }
    internal var isWarned: Bool {
        get { accounts[serving].isWarned }
        set { accounts[serving].isWarned = newValue }
    }
    internal var arrivals: ArrivalLog {
        _read { yield accounts[serving].arrivals }
        _modify { yield &accounts[serving].arrivals }
    }

    /// Whose orders and trades the account's are in every book.
    package var owner: OwnerID { FuturesDesk.owner(serving) }

    internal static func owner(_ account: Int) -> OwnerID { OwnerID(Int32(account + 1)) }

    /// The number of the account that an owner in a book is; nil for the background.
    internal func account(of owner: OwnerID) -> Int? {
        owner == .market ? nil : Int(owner.number) - 1
    }

    /// The number of the account of that name; nil where there is none.
    package func account(named name: String) -> Int? {
        accounts.firstIndex { $0.name == name }
    }

    /// Serves one account, and then again the one that was served before.
    package func serve<Result, Failure: Error>(
        _ account: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let before = serving
        serving = account
        defer { serving = before }
        return try body()
    }

    /// Serves each account in turn.
    internal func serveAll(_ body: () -> Void) {
        for account in accounts.indices { serve(account, body) }
    }

    /// What all accounts have in one market.
    internal func stakes(of number: Int) -> [Stake] { accounts.map { $0.stakes[number] } }
}
