internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Matching
internal import Trading

/// Order lists (OCO, OTO, OTOCO): placing, cancelling, queries.
extension BinanceSpotVenue {
    internal func answerLists(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeList: try place(try parameters.orderList(), parameters, wall, &out)
        case .placeFormerList: try place(try parameters.formerList(), parameters, wall, &out)
        case .placeTrigger:
            try place(try parameters.triggerList(isPair: false), parameters, wall, &out)
        case .placeTriggerPair:
            try place(try parameters.triggerList(isPair: true), parameters, wall, &out)
        case .cancelList: try answerCancelList(parameters, wall, &out)
        case .queryList:
            let (listID, clientID) = try listName(parameters, client: "origClientOrderId")
            let record = try inBinanceWords { () throws(SpotRefusal) in
                try desk.list(listID: listID, clientID: clientID)
            }
            BinanceListBodies.write(record, &out)
        case .allLists: try answerAllLists(parameters, &out)
        case .openLists: write(desk.lists.filter { !$0.isDone }, &out)
        case _: preconditionFailure("only endpoints of lists are answered here")
        }
    }

    private func write(_ lists: [SpotOrderList], _ out: inout JSONWriter) {
        out.beginArray()
        for list in lists { BinanceListBodies.write(desk.record(of: list), &out) }
        out.endArray()
    }

    private func listName(
        _ parameters: RequestParameters, client: String
    ) throws(ExchangeError) -> (listID: Int64?, clientID: String?) {
        let listID = try parameters.integer("orderListId")
        let clientID = parameters[client]
        if listID == nil, clientID == nil { throw .missingEither(client, "orderListId") }
        return (listID, clientID)
    }

    private func place(
        _ wanted: SpotListRequest, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        try place([wanted.below, wanted.above], parameters, wall, &out) { () throws(SpotRefusal) in
            try desk.placeList(wanted, wall: wall)
        }
    }

    private func place(
        _ wanted: SpotTriggerRequest, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let legs = [wanted.working] + wanted.pending
        try place(legs, parameters, wall, &out) { () throws(SpotRefusal) in
            try desk.placeTriggers(wanted, wall: wall)
        }
    }

    /// Places a list, and keeps the record of what came to the door.
    private func place(
        _ legs: [SpotOrderRequest], _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter, _ body: () throws(SpotRefusal) -> SpotListRecord
    ) throws(ExchangeError) {
        let form: BinanceResponseForm =
            try parameters.word("newOrderRespType", .invalid("newOrderRespType")) ?? .full
        let record: SpotListRecord
        do throws(SpotRefusal) {
            record = try body()
        } catch {
            let refusal = ExchangeError(binance: error)
            for leg in legs {
                guard let id = leg.clientOrderID else { continue }
                desk.arrivals.refused(id, leg.symbol, code: refusal.code, wall: wall)
            }
            throw refusal
        }
        for order in record.orders {
            desk.arrivals.accepted(
                order.clientOrderID, order.symbol, orderID: order.orderID, wall: wall)
        }
        BinanceListBodies.write(placed: record, form, &out)
    }

    private func answerCancelList(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let (listID, clientID) = try listName(parameters, client: "listClientOrderId")
        let requestID = parameters["newClientOrderId"] ?? desk.generatedID()
        let record = try inBinanceWords { () throws(SpotRefusal) in
            try desk.cancelList(
                listID: listID, clientID: clientID, in: symbol, requestID: requestID, wall: wall)
        }
        BinanceListBodies.write(canceled: record, requestID: requestID, &out)
    }

    /// Lists from `fromId` on, or the newest within the times given.
    private func answerAllLists(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let limit = try parameters.limit(500, most: 1_000)
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime")
        if let first = try parameters.integer("fromId") {
            if start != nil || end != nil { throw .combination }
            return write(Array(desk.lists.filter { $0.listID >= first }.prefix(limit)), &out)
        }
        let within = desk.lists.filter {
            $0.createdAtMilliseconds >= start ?? 0 && $0.createdAtMilliseconds <= end ?? .max
        }
        write(Array(start == nil ? within.suffix(limit) : within.prefix(limit)), &out)
    }
}
