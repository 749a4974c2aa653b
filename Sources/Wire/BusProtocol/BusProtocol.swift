package import Trading

// BusProtocol: the Redis contract; the only place that spells a key, a channel or a field.
// 1. Every key and channel of a venue carries the hash tag `{venue}`: one Redis Cluster slot.
// 2. Records are flat: plain field names, decimals as plain text, times as epoch milliseconds in
//    fields ending `_ms`.
// 3. Reading a record never guesses: a missing or malformed field is an error that names it.

/// A venue's id: 1 to 32 of `a-z 0-9 -`; it goes into every key.
package struct VenueID: Hashable, Sendable, CustomStringConvertible {
    package let name: String

    /// Nil where the name breaks the rule above.
    package init?(_ name: String) {
        let isFit = (1...32).contains(name.utf8.count) && name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard isFit else { return nil }
        self.name = name
    }

    package var description: String { name }
}

/// The services that take part on the bus, by the names they go by everywhere.
package enum ServiceName: String, CaseIterable, Sendable {
    case priceFeed = "price-feed"
    case orderGateway = "order-gateway"
    case riskEngine = "risk-engine"
    case positionSync = "position-sync"
    case allocator
    case paperExchange = "paper-exchange"
    case console
}

/// The keys and channels of one venue.
package struct BusKeys: Sendable {
    package let venue: VenueID
    /// What all of them begin with: `pms:{venue}:`.
    package let prefix: String

    package init(venue: VenueID) {
        self.venue = venue
        prefix = "pms:{\(venue.name)}:"
    }

    // MARK: keys

    package func instrument(_ symbol: Symbol) -> String { "\(prefix)instrument:\(symbol)" }
    /// The set of symbols that have an instrument record.
    package var instruments: String { "\(prefix)instruments" }
    package func brackets(_ symbol: Symbol) -> String { "\(prefix)brackets:\(symbol)" }
    package func price(_ symbol: Symbol) -> String { "\(prefix)price:\(symbol)" }
    /// The best levels of a book that is asked for.
    package func depth(_ symbol: Symbol) -> String { "\(prefix)depth:\(symbol)" }
    package var demand: String { "\(prefix)demand" }
    package func account(_ account: AccountID) -> String { "\(prefix)account:\(account)" }
    /// The set of account names.
    package var accounts: String { "\(prefix)accounts" }
    /// Hash from account code to account name; a code is given out once.
    package var accountCodes: String { "\(prefix)account-codes" }
    package func balance(_ account: AccountID) -> String { "\(prefix)balance:\(account)" }
    package func position(_ account: AccountID, _ symbol: Symbol) -> String {
        "\(prefix)position:\(account):\(symbol)"
    }
    package var books: String { "\(prefix)books" }
    package func trades(_ symbol: Symbol) -> String { "\(prefix)trades:\(symbol)" }
    package var ledger: String { "\(prefix)ledger" }
    package var ledgerSequence: String { "\(prefix)seq:ledger" }
    package func risk(_ account: AccountID) -> String { "\(prefix)risk:\(account)" }
    package func tier(_ account: AccountID) -> String { "\(prefix)tier:\(account)" }
    /// The journal of what risk-engine decided, and its counter.
    package var decisions: String { "\(prefix)decisions" }
    package var decisionSequence: String { "\(prefix)seq:decisions" }
    package func order(_ id: String) -> String { "\(prefix)order:\(id)" }
    package var openOrders: String { "\(prefix)orders:open" }
    package var orders: String { "\(prefix)orders" }
    package var orderSequence: String { "\(prefix)seq:orders" }
    package func request(_ id: String) -> String { "\(prefix)request:\(id)" }
    package var state: String { "\(prefix)state" }
    package func state(_ account: AccountID) -> String { "\(prefix)state:\(account)" }
    package func lock(_ name: String) -> String { "\(prefix)lock:\(name)" }
    package func fence(_ name: String) -> String { "\(prefix)fence:\(name)" }
    package func heartbeat(_ service: String, _ instance: String) -> String {
        "\(prefix)heartbeat:\(service):\(instance)"
    }
    package var heartbeatPattern: String { "\(prefix)heartbeat:*" }
    /// The instances of a service that are alive and share its work: a zset to the end of a lease.
    package func members(_ service: String) -> String { "\(prefix)members:\(service)" }
    /// A running algo, and the set of them.
    package func algo(_ id: String) -> String { "\(prefix)algo:\(id)" }
    package var algos: String { "\(prefix)algos" }
    /// Watches of a book by levels: a zset from symbol to expiry, as `demand`.
    package var depthDemand: String { "\(prefix)demand:depth" }
    /// What all processes have spent of one of the venue's limits.
    package func budget(_ bucket: String) -> String { "\(prefix)budget:\(bucket)" }
    /// The venue's limits as it announced them last: a hash from a limit's name to its size.
    package var budgetLimits: String { budget("limits") }
    /// Connection attempts of all processes within the last minute, and whether one failed.
    package var attempts: String { budget("attempts") }
    package var attemptFailed: String { budget("attempts:failed") }
    /// Bans and limits told to all processes at once.
    package var budgetChannel: String { "\(prefix)budget" }
    /// Hash from symbols that take no new risk to why.
    package var reducing: String { "\(prefix)reducing" }
    /// How far the journal is archived in files.
    package var archive: String { "\(prefix)archive" }
    /// What a spot account holds, by asset.
    package var holdings: String { "\(prefix)holdings" }
    /// The allocator's run that runs, or ran last.
    package var allocation: String { "\(prefix)allocation" }
    /// The answer to a request for a run, apart from those of other services' requests.
    package func allocationRequest(_ id: String) -> String { "\(prefix)request:allocation:\(id)" }
    /// Runs of the allocator and their slices (stream and channel), and the counter.
    package var allocations: String { "\(prefix)allocations" }
    package var allocationSequence: String { "\(prefix)seq:allocations" }
    /// The last result of position-sync.
    package var sync: String { "\(prefix)sync" }

    // MARK: channels

    package func tickChannel(_ symbol: Symbol) -> String { "\(prefix)tick:\(symbol)" }
    package var tickPattern: String { "\(prefix)tick:*" }
    /// Trades of the market.
    package func tradeChannel(_ symbol: Symbol) -> String { "\(prefix)trade:\(symbol)" }
    /// The best levels of a book; the key of the same name holds the last of them.
    package func depthChannel(_ symbol: Symbol) -> String { "\(prefix)depth:\(symbol)" }
    package var ordersChannel: String { "\(prefix)orders" }
    package var ledgerChannel: String { "\(prefix)ledger" }
    package var riskChannel: String { "\(prefix)risk" }
    package func commandChannel(_ service: ServiceName) -> String {
        "\(prefix)command:\(service.rawValue)"
    }
    package func replyChannel(_ from: String) -> String { "\(prefix)reply:\(from)" }
    package var stateChannel: String { "\(prefix)state" }
    package var demandChannel: String { "\(prefix)demand" }
    package var alertChannel: String { "\(prefix)alert" }

    /// The member of `books` for one position: `ACCOUNT:SYMBOL`.
    package static func book(_ account: AccountID, _ symbol: Symbol) -> String {
        "\(account):\(symbol)"
    }
    /// The account and symbol of a member of `books`, or nil for a text that is none.
    package static func book(of member: String) -> (account: AccountID, symbol: Symbol)? {
        guard let colon = member.firstIndex(of: ":"),
            let account = AccountID(String(member[..<colon])),
            let symbol = Symbol(String(member[member.index(after: colon)...]))
        else { return nil }
        return (account, symbol)
    }
}
