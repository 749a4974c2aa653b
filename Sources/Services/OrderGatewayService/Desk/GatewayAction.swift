package import BusProtocol
package import Chronology
package import Orders
package import Positions
package import Trading
package import VenueProtocol

/// All that the desk wants done; each is answered by the event of the same subject.
///
/// What is large is held behind a reference, so that lists of actions are cheap to pass on.
package enum GatewayAction: Equatable, Sendable {
    // Redis.
    /// Read everything, and the records of `known` orders. Answer: `loaded` or `loadFailed`.
    case load(generation: Int64, known: [ClientOrderID])
    /// Call the order script `intent`. Answer: `intentReplied`.
    indirect case saveIntent(OrderRecord, fence: Int64)
    /// Read the ids of all orders that have a record, page by page. Answer: `idsRead` for each.
    case readIDs(Int64)
    /// Call the order script `update`. Answer: `orderSaved` with the token.
    indirect case saveOrder(OrderRecord, isDone: Bool, fence: Int64, token: Int64)
    /// Call the ledger script. Answer: `ledgerReplied` with the command's token.
    indirect case applyLedger(LedgerCommand, fence: Int64)
    /// Call the shared trade script. Answer: `sharedReplied` with the command's token.
    indirect case applyShared(SharedCommand, fence: Int64)
    indirect case saveAccount(AccountRecord, fence: Int64, request: String)
    indirect case saveState(StateRecord, AccountID?, fence: Int64, request: String)
    /// Call the algo script. Answer: `algoSaved` with the token.
    indirect case saveAlgo(AlgoRecord, isOver: Bool, fence: Int64, token: Int64)
    /// Write what a spot account holds of these assets; of all there are, where `isWhole`.
    case saveHoldings([VenueHolding], isWhole: Bool)
    /// Prices of exactly these symbols are to be told by `ticked`.
    case watchTicks([Symbol])
    /// Read price, risk snapshot and instrument. Answer: `factsRead`.
    case readFacts(ClientOrderID, AccountID, Symbol)
    /// Read what the books hold of a symbol: those listed in Redis, and these. Answer: `booksRead`.
    case readBooks(Symbol, [AccountID])
    /// Read an order's record. Answer: `orderRead`.
    case readOrder(ClientOrderID)
    /// Read who holds a lease that orders live for. Answer: `ownerRead`.
    case readOwner(String)
    /// Write down on this host's disk, as Redis is away. Answer: `journalled`.
    indirect case journal(JournalEntry)
    /// Redis holds what the entry of this key says.
    case journalSettled(String)
    indirect case reply(Reply, to: String)
    indirect case alert(code: String, String, [String: String])

    // Venue.
    /// Place an order, once. Answer: `sendAnswered`.
    indirect case send(OrderIntent)
    case cancel(ClientOrderID, Symbol)
    /// Change size and price of a resting order. Answer: `amendAnswered`.
    indirect case amend(OrderIntent, to: Amendment)
    /// Cancel an order that is not of the books, by the name it has at the venue; not answered.
    case cancelStranger(String, Symbol)
    case queryOrder(ClientOrderID, Symbol)
    case queryOpenOrders(generation: Int64)
    /// Open orders, to see whether a halt has left any. Answer: `haltVerified`.
    case verifyHalt(request: String)
    /// What the exchange holds of every symbol. Answer: `positionsAnswered`.
    case queryPositions
    /// What a spot account holds. Answer: `holdingsAnswered`.
    case queryHoldings(generation: Int64)
    /// All trades of a symbol from an id on, or of the last 7 days.
    case queryTrades(Symbol, fromID: Int64?, generation: Int64)
    /// All orders of a symbol since a time, ended ones included. Answer: `recentOrdersAnswered`.
    case queryRecentOrders(Symbol, sinceMilliseconds: Int64, generation: Int64)
    /// Open the user stream, or a new one in place of the old. Answer: `streamOpened`.
    case openStream

    // The process.
    /// A newer writer was met: give the lease up and try for it anew.
    case surrenderLease(String)
    /// Tell `woke` at this time; replaces the time told before.
    case wake(at: Instant)
}
