internal import Bytes
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func answerAccount(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.symbol()
        if let symbol { _ = try market(symbol) }
        switch endpoint {
        case .accountV2: writeAccountV2(&out)
        case .accountV3: writeAccountV3(&out)
        case .balance: writeBalance(&out)
        case .positionRiskV2: writeArray(positionRisk(symbol), &out, writeRiskV2)
        case .positionRiskV3:
            writeArray(positionRisk(symbol).filter(isShown), &out, writeRiskV3)
        case .leverageBracket: writeBrackets(symbol, &out)
        case .positionMode: writeFlag("dualSidePosition", &out)
        case .multiAssetsMode: writeFlag("multiAssetsMargin", &out)
        case .accountConfig: writeAccountConfig(&out)
        case .symbolConfig: writeArray(positionRisk(symbol), &out, writeSymbolConfig)
        case .commissionRate: try writeCommission(try parameters.requiredSymbol(), &out)
        case .orderRateLimit:
            out.beginArray()
            for window in settings.limits.rates.orders { window.write("ORDERS", &out) }
            out.endArray()
        case _: preconditionFailure("only account endpoints are answered here")
        }
    }

    /// Version 3 shows a symbol only where there is a position or an open order.
    private func isShown(_ position: FuturesPosition) -> Bool {
        !position.quantity.isZero || position.hasOpenOrders
    }

    private func writeArray<Element>(
        _ elements: [Element], _ out: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        out.beginArray()
        for element in elements { write(element, &out) }
        out.endArray()
    }

    private func writeFlag(_ name: StaticString, _ out: inout JSONWriter) {
        out.beginObject()
        out.field(name, false)
        out.endObject()
    }

    private func listing(_ position: FuturesPosition) -> Listing {
        guard let number = floor.number(of: position.symbol) else {
            preconditionFailure("a position's symbol is listed")
        }
        return markets[number].listing
    }

    // MARK: account

    private func writeTotals(_ balance: FuturesBalance, _ out: inout JSONWriter) {
        out.field("totalInitialMargin", units: balance.initial.units, places: 8)
        out.field("totalMaintMargin", units: balance.maintenance.units, places: 8)
        out.field("totalWalletBalance", units: balance.wallet.units, places: 8)
        out.field("totalUnrealizedProfit", units: balance.unrealised.units, places: 8)
        out.field("totalMarginBalance", units: balance.marginBalance.units, places: 8)
        out.field("totalPositionInitialMargin", units: balance.positionInitial.units, places: 8)
        out.field("totalOpenOrderInitialMargin", units: balance.openOrderInitial.units, places: 8)
        out.field("totalCrossWalletBalance", units: balance.wallet.units, places: 8)
        out.field("totalCrossUnPnl", units: balance.unrealised.units, places: 8)
        out.field("availableBalance", units: balance.available.units, places: 8)
        out.field("maxWithdrawAmount", units: balance.withdrawable.units, places: 8)
    }

    private func writeAsset(_ balance: FuturesBalance, isV2: Bool, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("asset", "USDT")
        out.field("walletBalance", units: balance.wallet.units, places: 8)
        out.field("unrealizedProfit", units: balance.unrealised.units, places: 8)
        out.field("marginBalance", units: balance.marginBalance.units, places: 8)
        out.field("maintMargin", units: balance.maintenance.units, places: 8)
        out.field("initialMargin", units: balance.initial.units, places: 8)
        out.field("positionInitialMargin", units: balance.positionInitial.units, places: 8)
        out.field("openOrderInitialMargin", units: balance.openOrderInitial.units, places: 8)
        out.field("crossWalletBalance", units: balance.wallet.units, places: 8)
        out.field("crossUnPnl", units: balance.unrealised.units, places: 8)
        out.field("availableBalance", units: balance.available.units, places: 8)
        out.field("maxWithdrawAmount", units: balance.withdrawable.units, places: 8)
        if isV2 { out.field("marginAvailable", true) }
        out.field("updateTime", walletUpdatedAt)
        out.endObject()
    }

    private func writeAccountV2(_ out: inout JSONWriter) {
        let balance = balance()
        out.beginObject()
        out.field("feeTier", 0)
        out.field("feeBurn", true)
        out.field("canTrade", true)
        out.field("canDeposit", true)
        out.field("canWithdraw", true)
        out.field("updateTime", 0)
        out.field("multiAssetsMargin", false)
        out.field("tradeGroupId", -1)
        writeTotals(balance, &out)
        out.key("assets")
        out.beginArray()
        writeAsset(balance, isV2: true, &out)
        out.endArray()
        out.key("positions")
        writeArray(positionRisk(), &out, writeAccountPositionV2)
        out.endObject()
    }

    private func writeAccountPositionV2(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let listing = listing(position)
        out.beginObject()
        out.field("symbol", position.symbol.name)
        out.field("initialMargin", units: position.margin.initial.units)
        out.field("maintMargin", units: position.margin.maintenance.units)
        out.field("unrealizedProfit", units: position.margin.unrealised.units, places: 8)
        out.field("positionInitialMargin", units: position.margin.positionInitial.units)
        out.field("openOrderInitialMargin", units: position.margin.openOrderInitial.units)
        out.field("leverage", String(position.holding.leverage))
        out.field("isolated", false)
        out.field("entryPrice", units: position.entryPrice.units, places: 1)
        out.field(
            "maxNotional", listing.notionalCap(leverage: position.holding.leverage)?.text ?? "0")
        out.field("bidNotional", units: position.margin.bidNotional.units)
        out.field("askNotional", units: position.margin.askNotional.units)
        out.field("positionSide", "BOTH")
        out.field("positionAmt", units: position.quantity.units, places: listing.quantityPrecision)
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    private func writeAccountV3(_ out: inout JSONWriter) {
        let balance = balance()
        out.beginObject()
        writeTotals(balance, &out)
        out.key("assets")
        out.beginArray()
        writeAsset(balance, isV2: false, &out)
        out.endArray()
        out.key("positions")
        writeArray(positionRisk().filter(isShown), &out, writeAccountPositionV3)
        out.endObject()
    }

    private func writeAccountPositionV3(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let listing = listing(position)
        out.beginObject()
        out.field("symbol", position.symbol.name)
        out.field("positionSide", "BOTH")
        out.field("positionAmt", units: position.quantity.units, places: listing.quantityPrecision)
        out.field("unrealizedProfit", units: position.margin.unrealised.units, places: 8)
        out.field("isolatedMargin", "0.00000000")
        out.field("notional", units: position.margin.notional.units)
        out.field("isolatedWallet", "0")
        out.field("initialMargin", units: position.margin.initial.units)
        out.field("maintMargin", units: position.margin.maintenance.units)
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    private func writeBalance(_ out: inout JSONWriter) {
        let balance = balance()
        out.beginArray()
        out.beginObject()
        out.field("accountAlias", "PaperAcc")
        out.field("asset", "USDT")
        out.field("balance", units: balance.wallet.units, places: 8)
        out.field("crossWalletBalance", units: balance.wallet.units, places: 8)
        out.field("crossUnPnl", units: balance.unrealised.units, places: 8)
        out.field("availableBalance", units: balance.available.units, places: 8)
        out.field("maxWithdrawAmount", units: balance.withdrawable.units, places: 8)
        out.field("marginAvailable", true)
        out.field("updateTime", walletUpdatedAt)
        out.endObject()
        out.endArray()
    }

    // MARK: positions

    private func writeRiskV3(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let margin = position.margin
        out.beginObject()
        writeRiskHead(position, &out)
        out.field("isolatedMargin", "0")
        out.field("notional", units: margin.notional.units, places: margin.notional.isZero ? 0 : 8)
        out.field("marginAsset", "USDT")
        out.field("isolatedWallet", "0")
        out.field("initialMargin", units: margin.initial.units)
        out.field("maintMargin", units: margin.maintenance.units)
        out.field("positionInitialMargin", units: margin.positionInitial.units)
        out.field("openOrderInitialMargin", units: margin.openOrderInitial.units)
        out.field("adl", position.quantity.isZero ? 0 : 1)
        out.field("bidNotional", units: margin.bidNotional.units)
        out.field("askNotional", units: margin.askNotional.units)
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    /// The fields both versions of positionRisk share, in version 3's order.
    private func writeRiskHead(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let listing = listing(position)
        out.field("symbol", position.symbol.name)
        out.field("positionSide", "BOTH")
        out.field("positionAmt", units: position.quantity.units, places: listing.quantityPrecision)
        out.field("entryPrice", units: position.entryPrice.units, places: 1)
        out.field("breakEvenPrice", units: breakEven(position).units, places: 1)
        out.field("markPrice", units: position.mark.units, places: 8)
        out.field("unRealizedProfit", units: position.margin.unrealised.units, places: 8)
        let liquidation = position.liquidation?.down(to: Price(units: 10_000)).units ?? 0
        out.field("liquidationPrice", units: liquidation, places: liquidation == 0 ? 0 : 8)
    }

    /// The price at which closing as a taker comes out even, the opening fee counted too.
    internal func breakEven(_ position: FuturesPosition) -> Price {
        let rate = position.quantity.isNegative ? -settings.takerFee : settings.takerFee
        return position.entryPrice.scaled(by: Ratio.one + rate, .nearestEven)
    }

    private func writeRiskV2(_ position: FuturesPosition, _ out: inout JSONWriter) {
        out.beginObject()
        writeRiskHead(position, &out)
        out.field("leverage", String(position.holding.leverage))
        let cap = listing(position).notionalCap(leverage: position.holding.leverage)
        out.field("maxNotionalValue", cap?.text ?? "0")
        out.field("marginType", "cross")
        out.field("isolatedMargin", "0.00000000")
        out.field("isAutoAddMargin", "false")
        out.field("notional", units: position.margin.notional.units)
        out.field("isolatedWallet", "0")
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    // MARK: configuration

    private func writeBrackets(_ symbol: Symbol?, _ out: inout JSONWriter) {
        let shown = markets.filter { symbol == nil || $0.symbol == symbol }
        writeArray(shown, &out) { market, out in
            out.beginObject()
            out.field("symbol", market.symbol.name)
            out.key("brackets")
            writeArray(market.listing.brackets, &out) { row, out in
                out.beginObject()
                out.field("bracket", row.number)
                out.field("initialLeverage", row.leverage)
                out.key("notionalCap")
                out.value(bareUnits: row.cap.units)
                out.key("notionalFloor")
                out.value(bareUnits: row.floor.units)
                out.key("maintMarginRatio")
                out.value(bareUnits: row.rate.units)
                out.key("cum")
                out.value(bareUnits: row.deduction.units)
                out.endObject()
            }
            out.endObject()
        }
    }

    private func writeAccountConfig(_ out: inout JSONWriter) {
        out.beginObject()
        out.field("feeTier", 0)
        out.field("canTrade", true)
        out.field("canDeposit", true)
        out.field("canWithdraw", true)
        out.field("dualSidePosition", false)
        out.field("updateTime", 0)
        out.field("multiAssetsMargin", false)
        out.field("tradeGroupId", -1)
        out.endObject()
    }

    private func writeSymbolConfig(_ position: FuturesPosition, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", position.symbol.name)
        out.field("marginType", "CROSSED")
        out.field("isAutoAddMargin", false)
        out.field("leverage", position.holding.leverage)
        let cap = listing(position).notionalCap(leverage: position.holding.leverage)
        out.field("maxNotionalValue", cap?.text ?? "0")
        out.endObject()
    }

    private func writeCommission(_ symbol: Symbol, _ out: inout JSONWriter) throws(ExchangeError) {
        _ = try market(symbol)
        out.beginObject()
        out.field("symbol", symbol.name)
        out.field("makerCommissionRate", units: settings.makerFee.units, places: 4)
        out.field("takerCommissionRate", units: settings.takerFee.units, places: 4)
        out.field("rpiCommissionRate", units: settings.makerFee.units, places: 5)
        out.endObject()
    }
}
