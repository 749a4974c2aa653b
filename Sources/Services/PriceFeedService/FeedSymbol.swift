import Chronology
import Quotes
import Trading

/// What the desk knows of one symbol it follows.
struct FeedSymbol {
    var symbol: Symbol
    var quote = Quote()
    /// Ticks published.
    var published: Int64 = 0
    /// What the sequence of its first tick follows on.
    var firstSequence: Int64
    /// Nil while it is wanted; else since when nobody wants it.
    var releasedAt: Instant?
    /// Nobody has wanted it for the whole grace period.
    var isGraceOver = false
    /// Whether this feed streams it, of several that share the symbols.
    var isOwned = true
    /// Since when another feed has it.
    var lostAt: Instant?
    /// Whether its book by levels is wanted, or was a short while ago.
    var isDepthFollowed = false
    var depthReleasedAt: Instant?
    /// When a change of it last came.
    var depthReceived = Instant.distantPast
    /// Whether its record in Redis says that the price is of now.
    var isToldFresh = false
    /// By kind.
    var streams = [FeedStream(), FeedStream(), FeedStream()]

    init(symbol: Symbol, firstSequence: Int64) {
        self.symbol = symbol
        self.firstSequence = firstSequence
    }

    /// Goes on after a number, which rises also where another feed had the symbol meanwhile.
    mutating func continueSequence(after number: Int64) {
        firstSequence = max(firstSequence + published, number)
        published = 0
    }

    /// When a frame of the kind last came from its stream.
    func spoke(_ kind: QuoteKind, _ place: Int) -> Instant {
        let received = quote.received(kind)
        return received == streams[place].answeredAt ? streams[place].spokeBefore : received
    }

    /// Whether the newest value of a kind was asked for by REST.
    func isAnswered(_ kind: QuoteKind, _ place: Int) -> Bool {
        streams[place].answeredAt != .distantPast
            && quote.received(kind) == streams[place].answeredAt
    }
}

/// One symbol's stream of one kind.
struct FeedStream {
    /// What was done last about a silent stream; each step is taken once until it speaks again.
    enum Step: Equatable {
        case none
        /// Asked for anew on its socket.
        case resubscribed
        /// Put on another socket, or its socket replaced.
        case moved
        /// Its price comes by REST.
        case asked
    }

    /// The number of the socket it belongs to; nil while it has none.
    var socket: Int?
    /// Since when it is subscribed there; nil while it is not.
    var subscribedAt: Instant?
    /// Since when it is to be streamed.
    var followedAt = Instant.distantPast
    var step = Step.none
    var stepAt = Instant.distantPast
    /// REST has confirmed that there is nothing new to say.
    var isQuiet = false
    /// It has been quiet before: at the next silence REST is asked first.
    var isDull = false
    /// When its price was last asked for by REST, and last answered.
    var askedAt = Instant.distantPast
    var answeredAt = Instant.distantPast
    /// When the first question was put that has had no answer; nil where none is open.
    var unansweredSince: Instant?
    /// When the stream itself had last spoken at that answer.
    var spokeBefore = Instant.distantPast
    /// Frames refused since the last good one, as far as one of them was counted.
    var refusals = 0
    var refusedSince = Instant.distantPast
    /// Whether that has been told.
    var isRefusalTold = false

    /// REST is asked for its price.
    mutating func asked(_ now: Instant) {
        askedAt = now
        if unansweredSince == nil { unansweredSince = now }
    }

    /// Whether a question has been open for that long.
    func isUnanswered(_ now: Instant, for limit: Interval) -> Bool {
        unansweredSince.map { now - $0 >= limit } ?? false
    }
}
