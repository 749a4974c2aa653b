import Trading

/// What a change makes of one book's position and balance.
struct BookArithmetic: Equatable, Sendable {
    /// Fees in another asset are noted and leave the wallet as it is.
    let settlementAsset: String
    /// Whether a position is coins that are held, so that a fee in the symbol's own base asset comes
    /// out of it (F8), as on spot.
    let takesFeesInKind: Bool

    /// What a change makes of a book, and the legs of it for the journal.
    func legs(
        of change: LedgerChange, _ position: inout Position?, _ balance: inout BookBalance
    ) -> [LedgerLeg] {
        switch change.subject {
        case .fill(let fill, _):
            let fee = fill.feeAsset == settlementAsset ? fill.fee : .zero
            let legs = trade(
                fill.side.signed(fill.quantity), fill.price, fee, &position, &balance)
            return legs + feeInKind(fill, &position, &balance)
        case .adjustment(let delta, let price, let isVirtualClose):
            return adjust(delta, price, isVirtualClose, &position, &balance)
        case .deposit(let amount):
            balance.deposits += amount
            var leg = LedgerLeg(kind: .deposit)
            leg.wallet = balance.wallet
            return [leg]
        case .transfer(let amount):
            balance.deposits += amount
            var leg = LedgerLeg(kind: .transfer)
            leg.wallet = balance.wallet
            return [leg]
        case .funding(let amount):
            balance.funding += amount
            position?.version += 1
            var leg = LedgerLeg(kind: .funding)
            leg.position = position?.quantity ?? .zero
            leg.entryPrice = position?.entryPrice ?? .zero
            leg.wallet = balance.wallet
            return [leg]
        }
    }

    /// Coins that the venue kept for its fee: given away for nothing, so that the book holds what the
    /// account does, and what they had cost is a loss.
    private func feeInKind(
        _ fill: Fill, _ position: inout Position?, _ balance: inout BookBalance
    ) -> [LedgerLeg] {
        guard takesFeesInKind, !fill.fee.isZero,
            fill.symbol.name == fill.feeAsset + settlementAsset
        else { return [] }
        let version = position?.version
        var legs = trade(-Quantity(units: fill.fee.units), .zero, .zero, &position, &balance)
        // One change, whatever it did.
        if let version { position?.version = version }
        for index in legs.indices { legs[index].kind = .feeInKind }
        return legs
    }

    private func adjust(
        _ delta: Quantity, _ price: Price, _ isVirtualClose: Bool, _ position: inout Position?,
        _ balance: inout BookBalance
    ) -> [LedgerLeg] {
        var delta = delta
        if isVirtualClose, let held = position?.quantity {
            // Others may have closed the book meanwhile: a close opens nothing.
            let isAgainst = held.signum == -delta.signum
            let most = isAgainst ? min(held.magnitude, delta.magnitude) : .zero
            guard most.isPositive else { return [untouched(&position, balance)] }
            delta = delta.isNegative ? -most : most
        }
        var legs = trade(delta, price, .zero, &position, &balance)
        for index in legs.indices where legs[index].kind == .fill {
            legs[index].kind = isVirtualClose ? .virtualClose : .adjustment
        }
        return legs
    }

    /// A close that found nothing left to close: it is on record, and the book stays as it is.
    private func untouched(_ position: inout Position?, _ balance: BookBalance) -> LedgerLeg {
        position?.version += 1
        var leg = LedgerLeg(kind: .virtualClose)
        leg.position = position?.quantity ?? .zero
        leg.entryPrice = position?.entryPrice ?? .zero
        leg.wallet = balance.wallet
        return leg
    }

    private func trade(
        _ delta: Quantity, _ price: Price, _ fee: Money, _ position: inout Position?,
        _ balance: inout BookBalance
    ) -> [LedgerLeg] {
        var book = position ?? Position()
        var legs = book.trade(delta, at: price, fee: fee)
        position = book
        for index in legs.indices {
            balance.realised += legs[index].realised
            balance.fees += legs[index].fee
            legs[index].wallet = balance.wallet
        }
        return legs
    }
}
