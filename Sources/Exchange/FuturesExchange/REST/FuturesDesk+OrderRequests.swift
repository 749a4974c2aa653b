internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func answerOrders(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeOrder: try answerPlace(parameters, wall, &out)
        case .testOrder: try answerTest(parameters, wall, &out)
        case .amendOrder:
            write(try amend(try parameters.amendment(), wall: wall), as: .amended, &out)
        case .cancelOrder:
            let symbol = try parameters.requiredSymbol()
            let (orderID, clientID) = try parameters.orderName()
            let order = try cancel(symbol, orderID: orderID, clientOrderID: clientID, wall: wall)
            write(order, as: .placed, &out)
        case .queryOrder, .openOrder:
            let symbol = try parameters.requiredSymbol()
            let (orderID, clientID) = try parameters.orderName()
            let order = try query(symbol, orderID: orderID, clientOrderID: clientID)
            if endpoint == .openOrder, !order.isOpen { throw .noSuchOrder }
            if !isRemembered(order, wall) { throw .noSuchOrder }
            write(order, as: .recorded, &out)
        case .openOrders:
            let symbol = try parameters.symbol()
            if let symbol { _ = try market(symbol) }
            writeArray(openOrders(symbol), &out) { write($0, as: .recorded, &$1) }
        case .cancelAll:
            _ = try cancelAll(try parameters.requiredSymbol(), wall: wall)
            writeDone("The operation of cancel all open order is done.", &out)
        case .countdown:
            let symbol = try parameters.requiredSymbol()
            guard let milliseconds = try parameters.integer("countdownTime") else {
                throw .missing("countdownTime")
            }
            try setCountdown(symbol, milliseconds: milliseconds, wall: wall)
            out.beginObject()
            out.field("symbol", symbol.name)
            out.field("countdownTime", String(milliseconds))
            out.endObject()
        case _: preconditionFailure("only order endpoints are answered here")
        }
    }

    internal func answerPlace(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let response = parameters["newOrderRespType"] ?? "ACK"
        guard response == "ACK" || response == "RESULT" else {
            throw .invalid("newOrderRespType")
        }
        let order = try place(try parameters.order(isHedge: mode.isHedge), wall: wall)
        write(response == "ACK" ? order.acknowledged : order, as: .placed, &out)
    }

    /// Checks an order as far as its rules go, and shows what it would look like.
    private func answerTest(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        var wanted = try parameters.order(isHedge: mode.isHedge)
        let number = try market(wanted.symbol)
        try OrderRules.resolvePriceMatch(&wanted, markets[number])
        try OrderRules.check(wanted, markets[number], stakes[number], rules, wall: wall)
        write(record(wanted, number, wall: wall), as: .placed, &out)
    }

    /// Whether queries still find an order: three days where nothing of it traded, ninety otherwise.
    internal func isRemembered(_ order: FuturesOrder, _ wall: WallTime) -> Bool {
        if order.isOpen { return true }
        let days: Int64 = order.executed.isZero ? 3 : 90
        return wall.milliseconds - order.createdAtMilliseconds <= days * 86_400_000
    }

    internal func writeArray<Element>(
        _ elements: some Sequence<Element>, _ out: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        out.beginArray()
        for element in elements { write(element, &out) }
        out.endArray()
    }
}
