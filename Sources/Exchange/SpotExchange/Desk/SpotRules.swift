internal import ExchangeMarkets
internal import Trading

/// What an order must be to reach the book.
internal struct SpotRules {
    let market: Market
    let instrument: Instrument
    let limits: SpotLimits
    let flavour: SpotFlavour
    /// What market orders and price bands are measured by.
    let average: Price

    // MARK: form

    /// Checks that all parameters are there that the kind needs, and no others.
    func checkForm(_ wanted: SpotOrderRequest) throws(SpotRefusal) {
        switch wanted.kind {
        case .limit, .stopLossLimit, .takeProfitLimit:
            if flavour == .binance, wanted.timeInForce == nil { throw .missing("timeInForce") }
            if wanted.quantity == nil { throw .missing("quantity") }
            if wanted.price == nil { throw .missing("price") }
        case .limitMaker:
            if wanted.timeInForce != nil { throw .notRequired("timeInForce") }
            if wanted.quantity == nil { throw .missing("quantity") }
            if wanted.price == nil { throw .missing("price") }
        case .market, .stopLoss, .takeProfit:
            if wanted.timeInForce != nil { throw .notRequired("timeInForce") }
            if flavour == .binance, wanted.price != nil { throw .notRequired("price") }
        }
        try checkAmounts(wanted)
        try checkCondition(wanted)
        try checkIcebergForm(wanted)
        if let id = wanted.clientOrderID, !SpotRules.isClientOrderID(id, flavour) {
            throw .clientOrderID
        }
    }

    private func checkCondition(_ wanted: SpotOrderRequest) throws(SpotRefusal) {
        if wanted.kind.isConditional, wanted.stopPrice == nil, wanted.trailingDelta == nil {
            if flavour == .mexc { throw .missing("stopPrice") }
            throw .missingEither("stopPrice", "trailingDelta")
        }
        if !wanted.kind.isConditional, wanted.stopPrice != nil { throw .notRequired("stopPrice") }
        if !wanted.kind.isConditional, wanted.trailingDelta != nil {
            throw .notRequired("trailingDelta")
        }
    }

    /// An iceberg has a price and stays until it is cancelled.
    private func checkIcebergForm(_ wanted: SpotOrderRequest) throws(SpotRefusal) {
        guard wanted.icebergQuantity != nil else { return }
        guard wanted.kind.hasPrice else { throw .notRequired("icebergQty") }
        guard wanted.timeInForce ?? .goodTillCancel == .goodTillCancel else { throw .icebergForce }
    }

    private func checkAmounts(_ wanted: SpotOrderRequest) throws(SpotRefusal) {
        if wanted.quoteQuantity != nil {
            if wanted.kind != .market { throw .notRequired("quoteOrderQty") }
            if wanted.quantity != nil { throw .combination }
        } else if wanted.quantity == nil {
            if wanted.kind == .market { throw .missingEither("quantity", "quoteOrderQty") }
            throw .missing("quantity")
        }
    }

    static func isClientOrderID(_ id: String, _ flavour: SpotFlavour) -> Bool {
        let most = flavour == .binance ? 36 : 32
        return (1...most).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                case _: false
                }
            }
    }

    // MARK: filters

    /// Checks a request with its final quantity against the filters of the symbol.
    func checkFilters(
        _ wanted: SpotOrderRequest, quantity: Quantity, openCount: Int, waitingCount: Int,
        icebergCount: Int
    ) throws(SpotRefusal) {
        if let price = wanted.price, wanted.kind.hasPrice {
            try check(price: price)
            try check(band: price, wanted.side)
        }
        if let stop = wanted.stopPrice { try check(price: stop) }
        if wanted.quoteQuantity == nil { try check(quantity: quantity, wanted.kind) }
        try check(worth: worth(wanted, quantity), wanted.kind)
        if openCount >= limits.openOrders { throw .filter(.openOrders) }
        if wanted.kind.isConditional, waitingCount >= limits.conditionalOrders {
            throw .filter(.conditionalOrders)
        }
        if let part = wanted.icebergQuantity, part.isPositive {
            try check(iceberg: part, of: quantity)
            if icebergCount >= limits.icebergOrders { throw .filter(.icebergOrders) }
        }
        if let delta = wanted.trailingDelta, !limits.trailingDeltas.contains(delta) {
            throw .filter(.trailingDelta)
        }
    }

    /// An iceberg's parts are whole lots, and not too many.
    private func check(iceberg part: Quantity, of quantity: Quantity) throws(SpotRefusal) {
        if part > quantity { throw .icebergTooLarge }
        guard part >= instrument.minimumQuantity, part.isMultiple(of: instrument.step) else {
            throw .filter(.lotSize)
        }
        let parts = (quantity.units + part.units - 1) / part.units
        if parts > Int128(limits.icebergParts) { throw .filter(.icebergParts) }
    }

    /// Plain multiples, without the offset by the minimum that futures have; zero disables.
    private func check(price: Price) throws(SpotRefusal) {
        let isFit =
            price.isPositive && price >= instrument.minimumPrice
            && (instrument.maximumPrice.isZero || price <= instrument.maximumPrice)
            && price.isMultiple(of: instrument.tick)
        if !isFit { throw .filter(.price) }
    }

    private func check(band price: Price, _ side: Side) throws(SpotRefusal) {
        if instrument.bandUp.isPositive, price > average.scaled(by: instrument.bandUp, .up) {
            throw .filter(.percentPrice)
        }
        if instrument.bandDown.isPositive, price < average.scaled(by: instrument.bandDown, .down) {
            throw .filter(.percentPrice)
        }
    }

    private func check(quantity: Quantity, _ kind: SpotOrderKind) throws(SpotRefusal) {
        let isFit =
            quantity.isPositive && quantity >= instrument.minimumQuantity
            && (instrument.maximumQuantity.isZero || quantity <= instrument.maximumQuantity)
            && quantity.isMultiple(of: instrument.step)
        if !isFit { throw .filter(.lotSize) }
        guard kind == .market else { return }
        let most = instrument.marketMaximumQuantity
        if quantity < instrument.marketMinimumQuantity || most.isPositive && quantity > most {
            throw .filter(.marketLotSize)
        }
    }

    private func worth(_ wanted: SpotOrderRequest, _ quantity: Quantity) -> Money {
        if let quote = wanted.quoteQuantity { return quote }
        let price = wanted.kind.hasPrice ? wanted.price : wanted.stopPrice
        return (price ?? average).times(quantity, .down)
    }

    private func check(worth: Money, _ kind: SpotOrderKind) throws(SpotRefusal) {
        if worth < instrument.minimumNotional { throw .tooSmall(instrument.minimumNotional) }
        switch flavour {
        case .binance:
            if !kind.hasPrice { return }
            if worth > limits.notional { throw .tooLarge(limits.notional) }
        case .mexc:
            let most = kind.hasPrice ? limits.notional : limits.marketNotional
            if worth > most { throw .tooLarge(most) }
        }
    }
}
