package import Trading

/// How a closing order is divided between the exchange and the books (B4c).
package struct ClosingPlan: Equatable, Sendable {
    /// Signed: goes to the exchange as an order. Zero where nothing does.
    package let sent: Quantity
    /// Signed: is booked at mark without a trade. `sent + booked` is what was asked for.
    package let booked: Quantity
    /// Whether the order may carry the venue's reduce-only flag: it only takes away from what the
    /// exchange holds. Without the flag the books of others stand on the other side, and the
    /// exchange rightly turns round.
    package let isReduceOnly: Bool
}

/// Why a close cannot be planned now; nothing may be sent or booked.
package enum ClosingRefusal: Error, Equatable, Sendable {
    /// The exchange's position is not known: an error is no evidence of being flat (R4).
    case exchangeUnknown
    /// The order would not make the book's position smaller, or would turn it round.
    case notClosing
}

/// The exchange's net position, with everything in flight counted in.
package enum ExchangeNet: Equatable, Sendable {
    /// From a successful query or a fresh stream.
    case known(Quantity)
    case unknown
}

/// Desync protection before every closing order, for books on both sides of one netted position.
///
/// With N what the exchange holds, S the sum over all books and d the closing order, the exchange
/// needs (S + d) − N. Of d that part is sent which has the sign of the need, at most all of it; the
/// rest is booked at mark. The distance between books and exchange never grows by it, the exchange
/// never moves away from what the books will sum to, and it never passes that.
package enum ClosingRule {
    /// Divides a closing order.
    /// - Parameters:
    ///   - order: signed; against `book` and at most as large.
    ///   - book: what the closing book holds, signed.
    ///   - books: the sum over all books, `book` among them, with what is in flight.
    ///   - step: the exchange's quantity step. The part sent is rounded down to it, and what that
    ///     leaves over is booked: it is less than the exchange can trade (R8).
    package static func plan(
        _ order: Quantity, book: Quantity, books: Quantity, exchange: ExchangeNet,
        step: Quantity = .zero
    ) throws(ClosingRefusal) -> ClosingPlan {
        guard !order.isZero, order.signum == -book.signum, order.magnitude <= book.magnitude else {
            throw .notClosing
        }
        guard case .known(let net) = exchange else { throw .exchangeUnknown }
        let needed = books + order - net
        guard needed.signum == order.signum else {
            return ClosingPlan(sent: .zero, booked: order, isReduceOnly: false)
        }
        let size = min(order.magnitude, needed.magnitude).down(to: step)
        let sent = order.isNegative ? -size : size
        return ClosingPlan(
            sent: sent, booked: order - sent,
            isReduceOnly: !sent.isZero && sent.signum == -net.signum
                && sent.magnitude <= net.magnitude)
    }
}
