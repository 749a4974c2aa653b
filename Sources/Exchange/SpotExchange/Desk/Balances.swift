internal import Trading

/// What the account has of one asset.
package struct Balance: Equatable, Sendable {
    package let asset: String
    /// What may be spent.
    package internal(set) var free: AssetAmount
    /// What open orders hold.
    package internal(set) var locked: AssetAmount

    package var total: AssetAmount { free + locked }
}

/// One asset after a change, and by how much it changed.
package struct BalanceChange: Equatable, Sendable {
    package let asset: String
    package let free: AssetAmount
    package let locked: AssetAmount
    package let freeChange: AssetAmount
    package let lockedChange: AssetAmount
}

/// The account's balances: never negative, and told of once a call.
package struct Balances: Sendable {
    /// By name.
    package private(set) var rows: [Balance] = []
    private var numbers: [String: Int] = [:]
    /// Rows changed since `takeChanges`, as they were before.
    private var before: [(number: Int, balance: Balance)] = []

    package init(assets: [String], start: [(asset: String, amount: AssetAmount)]) {
        for asset in Set(assets + start.map(\.asset)).sorted() {
            numbers[asset] = rows.count
            rows.append(Balance(asset: asset, free: .zero, locked: .zero))
        }
        for (asset, amount) in start {
            if let number = numbers[asset] { rows[number].free += amount }
        }
    }

    package subscript(asset: String) -> Balance? { numbers[asset].map { rows[$0] } }

    /// The number of an asset, which is given one where it is new.
    internal mutating func number(of asset: String) -> Int {
        if let number = numbers[asset] { return number }
        numbers[asset] = rows.count
        rows.append(Balance(asset: asset, free: .zero, locked: .zero))
        return rows.count - 1
    }

    internal subscript(number: Int) -> Balance { rows[number] }

    // MARK: changing

    private mutating func note(_ number: Int) {
        if before.contains(where: { $0.number == number }) { return }
        before.append((number, rows[number]))
    }

    /// Moves an amount from free to locked, or back where it is negative.
    internal mutating func lock(_ number: Int, _ amount: AssetAmount) {
        if amount.isZero { return }
        note(number)
        rows[number].free -= amount
        rows[number].locked += amount
        check(number)
    }

    /// Takes an amount out of what is locked: it has been traded away.
    internal mutating func spendLocked(_ number: Int, _ amount: AssetAmount) {
        note(number)
        rows[number].locked -= amount
        check(number)
    }

    /// Adds to what is free, or takes off where the amount is negative.
    internal mutating func credit(_ number: Int, _ amount: AssetAmount) {
        note(number)
        rows[number].free += amount
        check(number)
    }

    /// Sets a balance, as when state is brought back.
    internal mutating func restore(_ asset: String, free: AssetAmount, locked: AssetAmount) {
        let number = number(of: asset)
        rows[number].free = free
        rows[number].locked = locked
    }

    private func check(_ number: Int) {
        precondition(
            !rows[number].free.isNegative && !rows[number].locked.isNegative,
            "a balance is never negative: \(rows[number].asset)")
    }

    /// Whether anything may have changed since the last call of `takeChanges`.
    internal var hasChanged: Bool { !before.isEmpty }

    /// What changed since the last call, in the order in which it first did.
    internal mutating func takeChanges() -> [BalanceChange] {
        if before.isEmpty { return [] }
        defer { before.removeAll(keepingCapacity: true) }
        return before.compactMap { number, old in
            let new = rows[number]
            if new == old { return nil }
            return BalanceChange(
                asset: new.asset, free: new.free, locked: new.locked,
                freeChange: new.free - old.free, lockedChange: new.locked - old.locked)
        }
    }
}
