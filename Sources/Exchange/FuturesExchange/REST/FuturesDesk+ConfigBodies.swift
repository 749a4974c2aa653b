internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func writeBrackets(_ symbol: Symbol?, _ out: inout JSONWriter) {
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

    internal func writeAccountConfig(_ out: inout JSONWriter) {
        out.beginObject()
        out.field("feeTier", 0)
        out.field("canTrade", true)
        out.field("canDeposit", true)
        out.field("canWithdraw", true)
        out.field("dualSidePosition", mode.isHedge)
        out.field("updateTime", 0)
        out.field("multiAssetsMargin", mode.isMultiAssets)
        out.field("tradeGroupId", -1)
        out.endObject()
    }

    internal func writeSymbolConfig(_ number: Int, _ out: inout JSONWriter) {
        let stake = stakes[number]
        out.beginObject()
        out.field("symbol", markets[number].symbol.name)
        out.field("marginType", stake.isIsolated ? "ISOLATED" : "CROSSED")
        out.field("isAutoAddMargin", false)
        out.field("leverage", stake.leverage)
        let cap = markets[number].listing.notionalCap(leverage: stake.leverage)
        out.field("maxNotionalValue", cap?.text ?? "0")
        out.endObject()
    }

    /// What the venue would hold against the account: nothing.
    internal func writeTradingStatus(_ wall: WallTime, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("indicators")
        out.beginObject()
        out.endObject()
        out.field("updateTime", wall.milliseconds)
        out.endObject()
    }

    internal func writeCommission(_ symbol: Symbol, _ out: inout JSONWriter) throws(ExchangeError) {
        _ = try market(symbol)
        out.beginObject()
        out.field("symbol", symbol.name)
        out.field("makerCommissionRate", units: settings.makerFee.units, places: 4)
        out.field("takerCommissionRate", units: settings.takerFee.units, places: 4)
        out.field("rpiCommissionRate", units: settings.makerFee.units, places: 5)
        out.endObject()
    }
}
