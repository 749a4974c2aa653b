package import Quotes

/// The kinds of stream a symbol has. Each socket carries streams of one kind, so that a burst of one
/// delays no other.
package enum FeedKind: Sendable, Equatable, CaseIterable {
    /// Best bid and ask.
    case book
    /// Mark and index price.
    case mark
    /// Changes of the order book by level.
    case depth

    /// Where the kind stands in arrays by kind.
    var position: Int {
        switch self {
        case .book: 0
        case .mark: 1
        case .depth: 2
        }
    }

    /// The part of a quote that the kind fills; nil for none.
    package var quoteKind: QuoteKind? {
        switch self {
        case .book: .book
        case .mark: .mark
        case .depth: nil
        }
    }

    /// Its name in logs and metrics.
    package var label: String {
        switch self {
        case .book: "book"
        case .mark: "mark"
        case .depth: "depth"
        }
    }
}
