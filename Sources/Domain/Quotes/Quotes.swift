// Quotes: what is known of each symbol's price, how fresh it is, and what is not believed.
// 1. A value that is zero, negative, crossed, out of the band around mark, or older than what is
//    held never changes a quote; it is counted by its reason. An update that is held already says
//    only that its stream is alive.
// 2. Freshness is kept for each kind of stream apart, on the monotonic clock.
// 3. A symbol is found by the bytes of its name, without making a String and without allocating.

/// The streams a quote is made of.
package enum QuoteKind: Sendable, CaseIterable {
    /// Best bid and ask.
    case book
    /// Mark and index price.
    case mark
}

/// Why an update was not believed.
package enum QuoteRefusal: Int, Sendable, CaseIterable {
    case unknownSymbol
    /// A price or quantity of zero or less.
    case notPositive
    /// The bid at or above the ask.
    case crossed
    /// Further from the last mark than the band allows.
    case absurd
    /// Older than what is held.
    case timeBack
    /// What is held already: the same update over a second connection. No harm, and no news.
    case duplicate

    /// The reason as a metric label.
    package var label: String {
        switch self {
        case .unknownSymbol: "unknown_symbol"
        case .notPositive: "not_positive"
        case .crossed: "crossed"
        case .absurd: "absurd"
        case .timeBack: "time_back"
        case .duplicate: "duplicate"
        }
    }
}
