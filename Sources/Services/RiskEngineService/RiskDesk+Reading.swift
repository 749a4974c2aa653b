package import BusProtocol
package import Chronology
package import Trading

/// One account as risk-engine knows it now, for readers.
package struct AccountReading: Equatable, Sendable {
    /// A position as the ledger and the last price have it.
    package struct Held: Equatable, Sendable {
        package var symbol: Symbol
        package var quantity: Quantity
        package var entryPrice: Price
        /// Zero while none is known.
        package var mark: Price
        /// Of the mark; nil while none is known.
        package var markAge: Interval?
    }

    package var account: AccountID
    /// The snapshot written last; nil where none was written since the start, or it has expired.
    package var snapshot: RiskRecord?
    /// Of the snapshot written last, expired or not.
    package var age: Interval?
    package var wallet: Money
    package var held: [Held]
    /// Why there is no snapshot; empty where there is.
    package var reason: String
}

extension RiskDesk {
    /// Whether no account is known, or not all that there are: the first load goes by pages.
    package var isEmpty: Bool {
        loadedAt == .distantPast || !mirror.accounts.contains(where: \.isKnown)
    }

    /// Every account there is, ascending; the `external` book among them where it holds something.
    package var accountNames: [AccountID] {
        mirror.accounts.lazy.filter(\.isKnown).map(\.name).sorted()
    }

    /// How an account stands, without asking anybody; nil where it is not known.
    package func reading(
        of account: AccountID, now: Instant, wall: WallTime
    ) -> AccountReading? {
        guard let number = mirror.number(of: account) else { return nil }
        let written = mirror.accounts[number].written
        let age = written.map {
            max(.zero, wall - WallTime(milliseconds: $0.stamp.atMilliseconds))
        }
        let isCurrent = age.map { $0 < RiskLimits.snapshotTimeToLive } ?? false
        let problem = mirror.accounts[number].problem
        var reading = AccountReading(
            account: account, snapshot: isCurrent ? written : nil, age: age,
            wallet: mirror.accounts[number].wallet, held: [],
            reason: isCurrent ? "" : problem ?? readiness.first ?? "")
        for held in mirror.accounts[number].positions {
            let known = mirror.symbols[Int(held.contract)]
            reading.held.append(
                AccountReading.Held(
                    symbol: known.symbol, quantity: held.quantity, entryPrice: held.entryPrice,
                    mark: known.mark, markAge: known.mark.isZero ? nil : known.age(now: now)))
        }
        if !isCurrent, reading.reason.isEmpty { reading.reason = "no snapshot was written yet" }
        return reading
    }
}
