internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// The two shapes a conditional order is shown in: replies to placing, and queries.
internal enum AlgoShape { case placed, recorded }

extension FuturesDesk {
    internal func answerAlgos(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeAlgo:
            write(try placeAlgo(try parameters.algo(), wall: wall), as: .placed, &out)
        case .queryAlgo:
            let (algoID, clientID) = try algoName(parameters)
            let algo = try queryAlgo(algoID: algoID, clientAlgoID: clientID)
            write(algo, as: .recorded, &out)
        case .cancelAlgo:
            let (algoID, clientID) = try algoName(parameters)
            let algo = try cancelAlgo(algoID: algoID, clientAlgoID: clientID, wall: wall)
            out.beginObject()
            out.field("algoId", algo.algoID)
            out.field("clientAlgoId", algo.clientAlgoID)
            out.field("code", "200")
            out.field("msg", "success")
            out.endObject()
        case .openAlgos:
            let symbol = try parameters.symbol()
            if let symbol { _ = try market(symbol) }
            let algoID = try parameters.integer("algoId")
            let open = algos.all.filter {
                $0.status.isOpen && (symbol == nil || $0.symbol == symbol)
                    && (algoID == nil || $0.algoID == algoID)
            }
            writeArray(open, &out) { write($0, as: .recorded, &$1) }
        case .allAlgos: try answerAllAlgos(parameters, wall, &out)
        case .cancelAlgos:
            try cancelAlgos(try parameters.requiredSymbol(), wall: wall)
            writeDone("The operation of cancel all open order is done.", &out)
        case _: preconditionFailure("only conditional orders are answered here")
        }
    }

    private func answerAllAlgos(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        _ = try market(symbol)
        let limit = try parameters.limit(500, most: 1_000)
        let window = try TimeWindow(parameters, days: 7, wall)
        let first = try parameters.integer("algoId")
        let found = algos.all.filter { algo in
            guard algo.symbol == symbol else { return false }
            if let first { return algo.algoID >= first }
            return window.contains(algo.createdAtMilliseconds)
        }
        let page = window.page(found, limit, fromStart: first != nil)
        writeArray(page, &out) { write($0, as: .recorded, &$1) }
    }

    private func algoName(
        _ parameters: RequestParameters
    ) throws(ExchangeError) -> (algoID: Int64?, clientAlgoID: String?) {
        let algoID = try parameters.integer("algoId")
        let clientID = parameters["clientAlgoId"]
        if algoID == nil, clientID == nil { throw .missingEither("algoId", "clientAlgoId") }
        return (algoID, clientID)
    }

    private func write(_ algo: AlgoOrder, as shape: AlgoShape, _ out: inout JSONWriter) {
        let listing = listing(of: algo.symbol)
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        out.beginObject()
        out.field("algoId", algo.algoID)
        out.field("clientAlgoId", algo.clientAlgoID)
        out.field("algoType", "CONDITIONAL")
        out.field("orderType", algo.kind.rawValue)
        out.field("symbol", algo.symbol.name)
        out.field("side", algo.side.rawValue)
        out.field("positionSide", algo.leg.text)
        out.field("timeInForce", algo.timeInForce.rawValue)
        out.field("quantity", units: algo.quantity.units, places: places)
        out.field("algoStatus", algo.status.rawValue)
        if shape == .recorded {
            out.field("actualOrderId", algo.orderID.map { String($0) } ?? "")
            out.field("actualPrice", units: algo.averagePrice.units, places: pricePlaces)
        }
        out.field("triggerPrice", units: algo.trigger.units, places: pricePlaces)
        out.field("price", units: algo.price.units, places: pricePlaces)
        out.key("icebergQuantity")
        out.null()
        if shape == .recorded {
            for name in ["tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"] {
                out.key(name)
                out.value(units: 0, places: pricePlaces)
            }
            out.field("tpOrderType", "")
        }
        writeAlgoTail(algo, shape, &out)
        out.endObject()
    }

    private func writeAlgoTail(
        _ algo: AlgoOrder, _ shape: AlgoShape, _ out: inout JSONWriter
    ) {
        out.field("selfTradePreventionMode", algo.selfTrade.rawValue)
        out.field("workingType", algo.working.rawValue)
        out.field("priceMatch", algo.priceMatch)
        out.field("closePosition", algo.closesPosition)
        out.field("priceProtect", algo.isPriceProtected)
        out.field("reduceOnly", algo.isReduceOnly)
        if shape == .placed || algo.kind == .trailing {
            let isTrailing = algo.kind == .trailing
            out.field("activatePrice", isTrailing ? algo.activation.text : "")
            out.field("callbackRate", isTrailing ? algo.callback.text : "")
        }
        out.field("createTime", algo.createdAtMilliseconds)
        out.field("updateTime", algo.updatedAtMilliseconds)
        out.field("triggerTime", algo.triggeredAtMilliseconds)
        out.field("goodTillDate", algo.goodTillDate)
    }
}
