internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

extension MEXCVenue {
    internal func answerAccount(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .account: writeAccount(key, &out)
        case .tradeFee:
            _ = try market(parameters)
            writeTradeFee(wall, &out)
        case .ownSymbols: writeNames(&out)
        case .coins: writeCoins(&out)
        case .userID:
            out.beginObject()
            out.field("uid", "35493786")
            out.endObject()
        case _: preconditionFailure("only account endpoints are answered here")
        }
    }

    private func writeAccount(_ key: ExchangeKey?, _ out: inout JSONWriter) {
        out.beginObject()
        for name in [
            "makerCommission", "takerCommission", "buyerCommission", "sellerCommission",
        ] {
            out.key(name)
            out.null()
        }
        out.field("canTrade", key?.role == .trade)
        out.field("canWithdraw", false)
        out.field("canDeposit", true)
        out.key("updateTime")
        out.null()
        out.field("accountType", "SPOT")
        out.key("balances")
        out.beginArray()
        for balance in desk.balances.rows where !balance.total.isZero {
            out.beginObject()
            out.field("asset", balance.asset)
            out.field("free", units: balance.free.units)
            out.field("locked", units: balance.locked.units)
            out.endObject()
        }
        out.endArray()
        out.key("permissions")
        out.beginArray()
        out.value("SPOT")
        out.endArray()
        out.endObject()
    }

    private func writeTradeFee(_ wall: WallTime, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("data")
        out.beginObject()
        out.key("makerCommission")
        out.value(bareUnits: desk.settings.makerFee.units)
        out.key("takerCommission")
        out.value(bareUnits: desk.settings.takerFee.units)
        out.endObject()
        out.field("code", 0)
        out.field("msg", "success")
        out.field("timestamp", wall.milliseconds)
        out.endObject()
    }

    /// The symbols that may be traded.
    internal func writeNames(_ out: inout JSONWriter) {
        out.beginObject()
        out.field("code", 200)
        out.key("data")
        out.beginArray()
        for rules in desk.instruments where rules.status == .trading {
            out.value(rules.symbol.name)
        }
        out.endArray()
        out.key("msg")
        out.null()
        out.endObject()
    }

    private func writeCoins(_ out: inout JSONWriter) {
        out.beginArray()
        for balance in desk.balances.rows {
            out.beginObject()
            out.field("coin", balance.asset)
            out.field("name", balance.asset)
            out.key("networkList")
            out.beginArray()
            out.endArray()
            out.endObject()
        }
        out.endArray()
    }
}
