internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// How the journal spells each kind of fact.
internal enum JournalFacts {
    /// Version 1 knew one net position a symbol on cross margin, and no conditional orders; version 2 one
    /// account; version 3 neither candles, interest nor the insurance fund. What they lack is read as such.
    static let version: Int64 = 4

    /// One fact: an object of one member.
    static func fact(
        _ key: StaticString, _ out: inout JSONWriter, _ body: (inout JSONWriter) -> Void
    ) {
        out.beginObject()
        out.key(key)
        out.beginObject()
        body(&out)
        out.endObject()
        out.endObject()
    }

    static func write(header desk: FuturesDesk, _ out: inout JSONWriter) {
        fact("journal", &out) {
            $0.field("version", version)
            $0.field("seed", String(desk.settings.seed))
        }
    }

    /// The facts that follow are of this account.
    static func write(account name: String, _ out: inout JSONWriter) {
        fact("account", &out) { $0.field("name", name) }
    }

    static func write(wallet desk: FuturesDesk, _ out: inout JSONWriter) {
        fact("wallet", &out) {
            $0.field("amount", units: desk.wallet.units)
            $0.field("at", desk.walletUpdatedAt)
        }
    }

    static func write(counters desk: FuturesDesk, _ out: inout JSONWriter) {
        fact("counters", &out) {
            $0.field("update", desk.floor.nextUpdateID)
            $0.field("generated", desk.nextGeneratedID)
        }
    }

    static func write(_ mode: AccountMode, _ out: inout JSONWriter) {
        fact("mode", &out) {
            $0.field("hedge", mode.isHedge)
            $0.field("multi", mode.isMultiAssets)
            $0.field("burn", mode.isFeeBurn)
        }
    }

    /// One of the account's positions, and how its symbol is margined.
    static func write(
        _ stake: Stake, _ leg: PositionLeg, _ symbol: Symbol, _ out: inout JSONWriter
    ) {
        let holding = stake.holdings[leg]
        fact("holding", &out) {
            $0.field("symbol", symbol.name)
            if leg != .net { $0.field("leg", leg.text) }
            $0.field("quantity", units: holding.quantity.units)
            $0.field("cost", units: holding.cost.units)
            $0.field("realised", units: holding.realised.units)
            if stake.isIsolated { $0.field("isolated", units: holding.isolatedWallet.units) }
            $0.field("leverage", stake.leverage)
            $0.field("at", holding.updatedAtMilliseconds)
        }
    }

    static func write(prices market: Market, _ out: inout JSONWriter) {
        fact("market", &out) {
            $0.field("symbol", market.symbol.name)
            market.memory.writeFields(&$0)
        }
    }

    /// What an operator may have changed of a symbol.
    static func write(_ listing: Listing, _ out: inout JSONWriter) {
        let rules = listing.instrument
        fact("listing", &out) {
            $0.field("symbol", listing.symbol.name)
            $0.field("status", rules.status.text)
            $0.field("step", units: rules.step.units)
            $0.field("least", units: rules.minimumQuantity.units)
            $0.field("marketLeast", units: rules.marketMinimumQuantity.units)
            $0.field("tick", units: rules.tick.units)
            $0.field("notional", units: rules.minimumNotional.units)
        }
    }

    static func write(countdown end: Int64?, _ symbol: Symbol, _ out: inout JSONWriter) {
        fact("countdown", &out) {
            $0.field("symbol", symbol.name)
            $0.field("end", end ?? 0)
        }
    }

    static func write(_ order: FuturesOrder, _ out: inout JSONWriter) {
        fact("order", &out) { out in
            out.field("symbol", order.symbol.name)
            out.field("id", order.orderID)
            out.field("client", order.clientOrderID)
            out.field("side", order.side.rawValue)
            if order.leg != .net { out.field("leg", order.leg.text) }
            out.field("type", order.type.rawValue)
            out.field("force", order.timeInForce.rawValue)
            out.field("quantity", units: order.quantity.units)
            out.field("price", units: order.price.units)
            out.field("reduce", order.isReduceOnly)
            out.field("stp", order.selfTrade.rawValue)
            out.field("till", order.goodTillDate)
            out.field("match", order.priceMatch)
            out.field("status", order.status.text)
            out.field("executed", units: order.executed.units)
            out.field("quote", units: order.cumulativeQuote.units)
            out.field("created", order.createdAtMilliseconds)
            out.field("updated", order.updatedAtMilliseconds)
            out.field("reason", order.expiryReason)
            if order.origin != .client { out.field("origin", order.origin.rawValue) }
            if order.closesPosition { out.field("closes", true) }
            if order.amendCount > 0 { out.field("amends", order.amendCount) }
            if let turn = order.laterTurn {
                out.field("before", turn.before)
                out.field("turn", turn.count)
            }
        }
    }

    static func write(_ trade: FuturesTrade, _ out: inout JSONWriter) {
        fact("trade", &out) { out in
            out.field("symbol", trade.symbol.name)
            out.field("id", trade.tradeID)
            out.field("order", trade.orderID)
            out.field("client", trade.clientOrderID)
            out.field("side", trade.side.rawValue)
            if trade.leg != .net { out.field("leg", trade.leg.text) }
            out.field("price", units: trade.price.units)
            out.field("quantity", units: trade.quantity.units)
            out.field("fee", units: trade.fee.units)
            out.field("realised", units: trade.realised.units)
            out.field("maker", trade.isMaker)
            out.field("at", trade.timeMilliseconds)
        }
    }

    static func write(_ algo: AlgoOrder, _ out: inout JSONWriter) {
        fact("algo", &out) { out in
            out.field("symbol", algo.symbol.name)
            out.field("id", algo.algoID)
            out.field("client", algo.clientAlgoID)
            out.field("side", algo.side.rawValue)
            out.field("leg", algo.leg.text)
            out.field("kind", algo.kind.rawValue)
            out.field("force", algo.timeInForce.rawValue)
            out.field("quantity", units: algo.quantity.units)
            out.field("price", units: algo.price.units)
            out.field("trigger", units: algo.trigger.units)
            out.field("working", algo.working.rawValue)
            out.field("closes", algo.closesPosition)
            out.field("reduce", algo.isReduceOnly)
            out.field("protect", algo.isPriceProtected)
            out.field("stp", algo.selfTrade.rawValue)
            out.field("match", algo.priceMatch)
            out.field("till", algo.goodTillDate)
            out.field("activation", units: algo.activation.units)
            out.field("callback", units: algo.callback.units)
            out.field("status", algo.status.rawValue)
            out.field("created", algo.createdAtMilliseconds)
            out.field("updated", algo.updatedAtMilliseconds)
            out.field("triggered", algo.triggeredAtMilliseconds)
            if let orderID = algo.orderID { out.field("order", orderID) }
            out.field("average", units: algo.averagePrice.units)
            out.field("executed", units: algo.executed.units)
            out.field("reason", algo.reason)
            out.field("extreme", units: algo.extreme.units)
        }
    }

    static func write(_ amendment: OrderAmendment, _ symbol: Symbol, _ out: inout JSONWriter) {
        fact("amendment", &out) { out in
            out.field("symbol", symbol.name)
            out.field("number", amendment.number)
            out.field("order", amendment.orderID)
            out.field("client", amendment.clientOrderID)
            out.field("at", amendment.timeMilliseconds)
            out.field("priceBefore", units: amendment.priceBefore.units)
            out.field("priceAfter", units: amendment.priceAfter.units)
            out.field("quantityBefore", units: amendment.quantityBefore.units)
            out.field("quantityAfter", units: amendment.quantityAfter.units)
            out.field("count", amendment.count)
        }
    }

    static func write(_ income: Income, _ out: inout JSONWriter) {
        fact("income", &out) {
            if let symbol = income.symbol { $0.field("symbol", symbol.name) }
            $0.field("kind", income.kind.rawValue)
            $0.field("amount", units: income.amount.units)
            $0.field("at", income.timeMilliseconds)
            $0.field("number", income.number)
        }
    }

    static func write(_ change: MarginChange, _ symbol: Symbol, _ out: inout JSONWriter) {
        fact("margin", &out) {
            $0.field("symbol", symbol.name)
            $0.field("leg", change.leg)
            $0.field("amount", units: change.amount.units)
            $0.field("at", change.timeMilliseconds)
        }
    }

    static func write(_ record: FundingRecord, _ out: inout JSONWriter) {
        fact("funding", &out) {
            $0.field("symbol", record.symbol.name)
            $0.field("rate", units: record.rate.units)
            $0.field("mark", units: record.mark.units)
            $0.field("at", record.timeMilliseconds)
        }
    }
}
