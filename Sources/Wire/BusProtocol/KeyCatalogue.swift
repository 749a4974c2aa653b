/// One line of the key catalogue: what a key or channel holds, who writes it, how long it lives.
package struct KeyDescription: Sendable {
    package let pattern: String
    package let kind: String
    package let lifetime: String
    package let writer: String
    package let holds: String

    private init(
        _ pattern: String, _ kind: String, _ lifetime: String, _ writer: String, _ holds: String
    ) {
        self.pattern = pattern
        self.kind = kind
        self.lifetime = lifetime
        self.writer = writer
        self.holds = holds
    }

    /// Every key and channel of the contract, `v` standing for the venue.
    package static let catalogue: [KeyDescription] = keys + channels

    private static let keys: [KeyDescription] = [
        .init("instrument:<SYM>", "hash", "none", "price-feed", "status, tick, step, limits"),
        .init("instruments", "set", "none", "price-feed", "symbols with an instrument"),
        .init("brackets:<SYM>", "string", "none", "order-gateway", "maintenance brackets, JSON"),
        .init("price:<SYM>", "hash", "60 s", "price-feed", "bid, ask, mid, mark and their times"),
        .init("depth:<SYM>", "string", "10 s", "price-feed", "best 20 levels a side, JSON"),
        .init("demand", "zset", "none", "anyone", "watched symbols until a time in ms"),
        .init("demand:depth", "zset", "none", "anyone", "books watched by level until a time in ms"),
        .init("members:<SERVICE>", "zset", "1 min", "each process", "instances that share the work"),
        .init("budget:<BUCKET>", "hash", "two windows", "budget script", "spent of a venue's limit"),
        .init("budget:ban", "string", "the ban's", "any process", "until when the venue bans us, ms"),
        .init("budget:limits", "hash", "1 h", "price-feed", "limits as the venue announced them"),
        .init("budget:attempts", "zset", "1 min", "attempt script", "connection attempts to a time"),
        .init("budget:attempts:failed", "string", "1 min", "any process", "a connection has failed"),
        .init("account:<A>", "hash", "none", "order-gateway", "code, name, status, limits"),
        .init("accounts", "set", "none", "order-gateway", "account names"),
        .init("account-codes", "hash", "none", "order-gateway", "account code to name"),
        .init("balance:<A>", "hash", "none", "ledger script", "deposits, realised, fees, wallet"),
        .init("position:<A>:<SYM>", "hash", "none", "ledger script", "signed quantity, entry, PnL"),
        .init("books", "set", "none", "ledger script", "open positions as A:SYM"),
        .init("trades:<SYM>", "zset", "8 days a member", "ledger script", "changes applied, struck out"),
        .init("trades:transfers", "zset", "8 days a member", "ledger script", "those of no symbol"),
        .init("ledger", "stream", "bounded", "ledger script", "the journal of every book change"),
        .init("seq:ledger", "string", "none", "ledger script", "last number of the journal"),
        .init("risk:<A>", "hash", "30 s", "risk-engine", "equity, margin ratio, liquidation"),
        .init("tier:<A>", "hash", "none", "risk-engine", "deleverage step, breakers"),
        .init("decisions", "stream", "bounded", "risk-engine", "each decision with its numbers"),
        .init("seq:decisions", "string", "none", "risk-engine", "last number of the decisions"),
        .init("order:<ID>", "hash", "7 days after its end", "order-gateway", "intent, lifecycle"),
        .init("orders:open", "set", "none", "order-gateway", "client ids not final"),
        .init("orders", "stream", "bounded", "order-gateway", "order events"),
        .init("seq:orders", "string", "none", "order-gateway", "last number of the order events"),
        .init("request:<ID>", "string", "1 h", "order-gateway", "reply already given, JSON"),
        .init("request:allocation:<ID>", "string", "1 h", "allocator", "the run asked for, JSON"),
        .init("algo:<ID>", "hash", "7 days after its end", "order-gateway", "its figures and state"),
        .init("algos", "set", "none", "order-gateway", "ids of running algos"),
        .init("state", "hash", "none", "order-gateway", "trading state of the venue"),
        .init("state:<A>", "hash", "none", "order-gateway", "trading state of an account"),
        .init("lock:<NAME>", "string", "lease", "its holder", "lease owner"),
        .init("fence:<NAME>", "string", "none", "its holder", "fencing number"),
        .init("heartbeat:<SERVICE>:<INSTANCE>", "hash", "5 s", "each process", "pid, readiness"),
        .init("holdings", "hash", "none", "order-gateway", "a spot account's assets, free and locked"),
        .init("allocation", "hash", "none", "allocator", "the run that runs, or ran last"),
        .init("allocations", "stream", "bounded", "allocator", "runs and slices with their numbers"),
        .init("seq:allocations", "string", "none", "allocator", "last number of those"),
        .init("reducing", "hash", "none", "position-sync", "symbols without new risk, and why"),
        .init("archive", "hash", "none", "position-sync", "how far the journal is archived, chain"),
        .init("sync", "hash", "none", "position-sync", "last comparison with the venue"),
    ]

    private static let channels: [KeyDescription] = [
        .init("tick:<SYM>", "channel", "-", "price-feed", "one price update"),
        .init("trade:<SYM>", "channel", "-", "price-feed", "one trade of the market"),
        .init("depth:<SYM>", "channel", "-", "price-feed", "best 20 levels a side"),
        .init("budget", "channel", "-", "any process", "a ban by the venue, told to all"),
        .init("orders", "channel", "-", "order-gateway", "the order event just journalled"),
        .init("ledger", "channel", "-", "ledger script", "the journal entry just written"),
        .init("decisions", "channel", "-", "risk-engine", "the decision just journalled"),
        .init("allocations", "channel", "-", "allocator", "the run or slice just journalled"),
        .init("risk", "channel", "-", "risk-engine", "the risk record just written"),
        .init("command:<SERVICE>", "channel", "-", "anyone", "requests with id and deadline"),
        .init("reply:<FROM>", "channel", "-", "the service asked", "answers by request id"),
        .init("state", "channel", "-", "order-gateway", "trading state changes"),
        .init("demand", "channel", "-", "anyone", "demand has changed"),
        .init("alert", "channel", "-", "any service", "something a person should see"),
    ]
}
