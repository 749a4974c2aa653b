internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func answerAccount(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
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
        case .positionMode: writeFlag("dualSidePosition", mode.isHedge, &out)
        case .multiAssetsMode: writeFlag("multiAssetsMargin", mode.isMultiAssets, &out)
        case .feeBurn: writeFlag("feeBurn", mode.isFeeBurn, &out)
        case .accountConfig: writeAccountConfig(&out)
        case .symbolConfig: writeArray(selected(symbol), &out, writeSymbolConfig)
        case .adlQuantile: writeArray(selected(symbol), &out, writeADLQuantile)
        case .tradingStatus: writeTradingStatus(wall, &out)
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

    private func writeFlag(_ name: StaticString, _ isOn: Bool, _ out: inout JSONWriter) {
        out.beginObject()
        out.field(name, isOn)
        out.endObject()
    }

    internal func listing(_ position: FuturesPosition) -> Listing {
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
        out.field("totalCrossWalletBalance", units: balance.crossWallet.units, places: 8)
        out.field("totalCrossUnPnl", units: balance.crossUnrealised.units, places: 8)
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
        out.field("crossWalletBalance", units: balance.crossWallet.units, places: 8)
        out.field("crossUnPnl", units: balance.crossUnrealised.units, places: 8)
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
        out.field("feeBurn", mode.isFeeBurn)
        out.field("canTrade", true)
        out.field("canDeposit", true)
        out.field("canWithdraw", true)
        out.field("updateTime", 0)
        out.field("multiAssetsMargin", mode.isMultiAssets)
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
        out.field("leverage", String(position.leverage))
        out.field("isolated", position.isIsolated)
        out.field("entryPrice", units: position.entryPrice.units, places: 1)
        out.field(
            "maxNotional", listing.notionalCap(leverage: position.leverage)?.text ?? "0")
        out.field("bidNotional", units: position.margin.bidNotional.units)
        out.field("askNotional", units: position.margin.askNotional.units)
        out.field("positionSide", position.leg.text)
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
        out.field("positionSide", position.leg.text)
        out.field("positionAmt", units: position.quantity.units, places: listing.quantityPrecision)
        out.field("unrealizedProfit", units: position.margin.unrealised.units, places: 8)
        out.field("isolatedMargin", units: position.isolatedMargin.units, places: 8)
        out.field("notional", units: position.margin.notional.units)
        out.field("isolatedWallet", units: position.holding.isolatedWallet.units)
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
        out.field("crossWalletBalance", units: balance.crossWallet.units, places: 8)
        out.field("crossUnPnl", units: balance.crossUnrealised.units, places: 8)
        out.field("availableBalance", units: balance.available.units, places: 8)
        out.field("maxWithdrawAmount", units: balance.withdrawable.units, places: 8)
        out.field("marginAvailable", true)
        out.field("updateTime", walletUpdatedAt)
        out.endObject()
        out.endArray()
    }
}
