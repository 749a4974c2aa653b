internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    internal func writeRiskV3(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let margin = position.margin
        out.beginObject()
        writeRiskHead(position, &out)
        let isolated = position.isolatedMargin
        out.field("isolatedMargin", units: isolated.units, places: isolated.isZero ? 0 : 8)
        out.field("notional", units: margin.notional.units, places: margin.notional.isZero ? 0 : 8)
        out.field("marginAsset", "USDT")
        out.field("isolatedWallet", units: position.holding.isolatedWallet.units)
        out.field("initialMargin", units: margin.initial.units)
        out.field("maintMargin", units: margin.maintenance.units)
        out.field("positionInitialMargin", units: margin.positionInitial.units)
        out.field("openOrderInitialMargin", units: margin.openOrderInitial.units)
        let rank = floor.number(of: position.symbol).map { deleverageRank($0, position.leg) }
        out.field("adl", rank ?? 0)
        out.field("bidNotional", units: margin.bidNotional.units)
        out.field("askNotional", units: margin.askNotional.units)
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    /// The fields both versions of positionRisk share, in version 3's order.
    private func writeRiskHead(_ position: FuturesPosition, _ out: inout JSONWriter) {
        let listing = listing(position)
        out.field("symbol", position.symbol.name)
        out.field("positionSide", position.leg.text)
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

    internal func writeRiskV2(_ position: FuturesPosition, _ out: inout JSONWriter) {
        out.beginObject()
        writeRiskHead(position, &out)
        out.field("leverage", String(position.leverage))
        let cap = listing(position).notionalCap(leverage: position.leverage)
        out.field("maxNotionalValue", cap?.text ?? "0")
        out.field("marginType", position.isIsolated ? "isolated" : "cross")
        out.field("isolatedMargin", units: position.isolatedMargin.units, places: 8)
        out.field("isAutoAddMargin", "false")
        out.field("notional", units: position.margin.notional.units)
        out.field("isolatedWallet", units: position.holding.isolatedWallet.units)
        out.field("updateTime", position.holding.updatedAtMilliseconds)
        out.endObject()
    }

    internal func writeADLQuantile(_ number: Int, _ out: inout JSONWriter) {
        let holdings = stakes[number].holdings
        out.beginObject()
        out.field("symbol", markets[number].symbol.name)
        out.key("adlQuantile")
        out.beginObject()
        if mode.isHedge {
            out.field("LONG", deleverageRank(number, .long))
            out.field("SHORT", deleverageRank(number, .short))
            out.field("HEDGE", 0)
        } else {
            let rank = deleverageRank(number, .net)
            out.field("LONG", holdings.net.quantity.isPositive ? rank : 0)
            out.field("SHORT", holdings.net.quantity.isNegative ? rank : 0)
            out.field("BOTH", rank)
        }
        out.endObject()
        out.endObject()
    }
}
