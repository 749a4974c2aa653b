internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

extension FuturesDesk {
    internal func answerSettings(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .setLeverage:
            let symbol = try parameters.requiredSymbol()
            guard let leverage = try parameters.integer("leverage") else {
                throw .missing("leverage")
            }
            let cap = try setLeverage(symbol, leverage, wall: wall)
            out.beginObject()
            out.field("leverage", leverage)
            out.field("maxNotionalValue", cap.text)
            out.field("symbol", symbol.name)
            out.endObject()
            return
        case .setMarginType:
            let symbol = try parameters.requiredSymbol()
            switch try parameters.required("marginType").uppercased() {
            case "CROSSED": try setIsolated(symbol, false, wall: wall)
            case "ISOLATED": try setIsolated(symbol, true, wall: wall)
            case _: throw .invalid("marginType")
            }
        case .setPositionMode:
            try setHedge(try flag(parameters, "dualSidePosition"), wall: wall)
        case .setMultiAssetsMode:
            try setMultiAssets(try flag(parameters, "multiAssetsMargin"), wall: wall)
        case .setFeeBurn: setFeeBurn(try flag(parameters, "feeBurn"))
        case .changeMargin: return try answerChangeMargin(parameters, wall, &out)
        case _: preconditionFailure("only settings are changed here")
        }
        writeDone("success", &out)
    }

    private func flag(
        _ parameters: RequestParameters, _ name: String
    ) throws(ExchangeError) -> Bool {
        guard let value = try parameters.boolean(name) else { throw .missing(name) }
        return value
    }

    private func answerChangeMargin(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        guard let amount: Money = try parameters.decimal("amount", tooLarge: .crossBalance) else {
            throw .missing("amount")
        }
        guard amount.isPositive else { throw .amountNotPositive }
        guard let kind = try parameters.integer("type") else { throw .missing("type") }
        guard kind == 1 || kind == 2 else { throw .invalid("type") }
        try changeMargin(
            symbol, try parameters.leg(), by: kind == 1 ? amount.cents : -amount.cents, wall: wall)
        out.beginObject()
        out.key("amount")
        out.value(bareUnits: amount.units)
        out.field("code", 200)
        out.field("msg", "Successfully modify position margin.")
        out.field("type", kind)
        out.endObject()
    }
}
