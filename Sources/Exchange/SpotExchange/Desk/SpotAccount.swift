internal import ExchangeDoor
internal import ExchangeMarkets
package import Matching
internal import Trading

/// One account: what it has and what it is about.
internal struct SpotAccount: Sendable {
    let name: String
    /// What it has in each market, by the market's number.
    var stakes: [SpotStake]
    var balances: Balances
    /// Order lists, oldest first; done ones are kept like orders.
    var lists: [SpotOrderList] = []
    /// When its balances changed last.
    var updatedAt: Int64 = 0
    /// Client order ids at the door, for the truth.
    var arrivals = ArrivalLog()
    /// Whether a journal has told of it.
    var isReplayed = false

    init(_ name: String, _ settings: SpotSettings, _ balances: Balances) {
        self.name = name
        self.balances = balances
        stakes = settings.listings.map { _ in SpotStake() }
    }
}

/// The account that is being served.
extension SpotDesk {
    package internal(set) var stakes: [SpotStake] {
        _read { yield accounts[serving].stakes }
        _modify { yield &accounts[serving].stakes }
    }
    package internal(set) var balances: Balances {
        _read { yield accounts[serving].balances }
        _modify { yield &accounts[serving].balances }
    }
    package internal(set) var lists: [SpotOrderList] {
        _read { yield accounts[serving].lists }
        _modify { yield &accounts[serving].lists }
    }
    internal var updatedAt: Int64 {
        get { accounts[serving].updatedAt }
        set { accounts[serving].updatedAt = newValue }
    }
    internal var arrivals: ArrivalLog {
        _read { yield accounts[serving].arrivals }
        _modify { yield &accounts[serving].arrivals }
    }

    /// Whose the account's orders and trades are in every book.
    package var owner: OwnerID { SpotDesk.owner(serving) }

    internal static func owner(_ account: Int) -> OwnerID { OwnerID(Int32(account + 1)) }

    /// The number of the account that an owner in a book is; nil for the background.
    internal func account(of owner: OwnerID) -> Int? {
        owner == .market ? nil : Int(owner.number) - 1
    }

    /// The number of the account of that name; nil where there is none.
    package func account(named name: String) -> Int? {
        accounts.firstIndex { $0.name == name }
    }

    /// The number of the account that a key reaches; nil where none knows it.
    internal func account(ofKey name: String) -> Int? {
        settings.keys.first { $0.key == name }.flatMap { account(named: $0.account) }
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

    // MARK: the journal

    internal func noteOrder(_ market: Int, _ orderID: Int64) {
        journal.noteOrder(market, orderID, of: serving)
    }
    internal func noteTrade(_ trade: SpotTrade) { journal.noteTrade(trade, of: serving) }
    internal func notePrevention(_ prevention: SpotPrevention) {
        journal.notePrevention(prevention, of: serving)
    }
    internal func noteAmendment(_ amendment: SpotAmendment) {
        journal.noteAmendment(amendment, of: serving)
    }
    internal func noteList(_ listID: Int64) { journal.noteList(listID, of: serving) }
    internal func noteBalance(_ asset: String) { journal.noteBalance(asset, of: serving) }
}
