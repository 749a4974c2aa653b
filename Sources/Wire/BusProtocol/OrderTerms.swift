/// Who an order lives for: the lease `lock:<lease>`, held under this fencing number.
package struct OrderOwner: Hashable, Sendable, Comparable {
    /// The lease's name, an identifier.
    package let lease: String
    package let fence: Int64

    /// Nil where the name is no identifier, or the number none that a lease gives.
    package init?(lease: String, fence: Int64) {
        guard Command.isIdentifier(lease), fence > 0 else { return nil }
        self.lease = lease
        self.fence = fence
    }

    package static func < (one: OrderOwner, other: OrderOwner) -> Bool {
        (one.lease, one.fence) < (other.lease, other.fence)
    }
}

/// How long an order may live: while its owner holds the lease, until a time, or both.
///
/// In the body of `order.place`: `owner` and `owner_fence` (both or neither), `ttl_ms`. In an order's
/// record: `owner`, `owner_fence`, `expires_ms`, each only where it was given. order-gateway cancels
/// what of the order rests once `lock:<owner>` is gone, or `fence:<owner>` is another number, or the time
/// has come, whoever is still there to ask for it; such an order is not sent where that is so already.
///
/// A class, as few orders have terms: of one that has none, nothing is kept but that.
package final class OrderTerms: Equatable, Sendable {
    package let owner: OrderOwner?
    /// Epoch milliseconds; nil for no limit in time.
    package let expiresMilliseconds: Int64?

    /// Nil where there is neither.
    package init?(owner: OrderOwner?, expiresMilliseconds: Int64?) {
        guard owner != nil || expiresMilliseconds != nil else { return nil }
        self.owner = owner
        self.expiresMilliseconds = expiresMilliseconds
    }

    package static func == (one: OrderTerms, other: OrderTerms) -> Bool {
        one.owner == other.owner && one.expiresMilliseconds == other.expiresMilliseconds
    }

    /// The fields of a record; those not given are left out.
    package var fields: [(String, String)] {
        var fields = OrderTerms.fields(owner)
        if let expiresMilliseconds { fields.append(("expires_ms", "\(expiresMilliseconds)")) }
        return fields
    }

    static func fields(_ owner: OrderOwner?) -> [(String, String)] {
        guard let owner else { return [] }
        return [("owner", owner.lease), ("owner_fence", "\(owner.fence)")]
    }

    /// The owner that a body or record names, if any.
    static func owner(_ reader: RecordFields) throws(RecordError) -> OrderOwner? {
        guard let lease = reader.optional("owner") else {
            guard reader.optional("owner_fence") == nil else {
                throw reader.error("owner_fence", "without an owner")
            }
            return nil
        }
        guard let owner = OrderOwner(lease: lease, fence: try reader.integer("owner_fence")) else {
            throw reader.error("owner", "not the name and number of a lease")
        }
        return owner
    }

    /// The terms in a record; nil where it has none.
    static func read(_ reader: RecordFields) throws(RecordError) -> OrderTerms? {
        let expires = reader.optional("expires_ms") == nil ? nil : try reader.integer("expires_ms")
        return OrderTerms(owner: try owner(reader), expiresMilliseconds: expires)
    }
}
