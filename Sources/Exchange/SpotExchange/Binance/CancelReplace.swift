internal import Bytes
internal import ExchangeDoor
internal import Trading

/// What `cancelReplace` does where the cancel fails.
internal enum ReplaceMode: String, Sendable {
    case stopOnFailure = "STOP_ON_FAILURE"
    case allowFailure = "ALLOW_FAILURE"
}

/// What became of both halves of a `cancelReplace`.
internal struct CancelReplace {
    let requestID: String
    let form: BinanceResponseForm
    var canceled: Result<SpotOrder, ExchangeError> = .failure(.unknownOrder)
    /// The list that ended with the order, if it was of one.
    var list: SpotListRecord?
    /// Nil where it was not tried.
    var placed: Result<SpotPlacement, ExchangeError>?

    private func succeeded<Value>(_ result: Result<Value, ExchangeError>) -> Bool {
        if case .success = result { true } else { false }
    }

    /// Writes the reply and returns its HTTP status: 409 where one half was done and one was not.
    func write(_ out: inout JSONWriter) -> Int {
        let isCanceled = succeeded(canceled)
        let isPlaced = placed.map { succeeded($0) } ?? false
        if isCanceled, isPlaced {
            writeHalves(&out)
            return 200
        }
        out.beginObject()
        if isCanceled || isPlaced {
            out.field("code", -2021)
            out.field("msg", "Order cancel-replace partially failed.")
        } else {
            out.field("code", -2022)
            out.field("msg", "Order cancel-replace failed.")
        }
        out.key("data")
        writeHalves(&out)
        out.endObject()
        return isCanceled || isPlaced ? 409 : 400
    }

    private func writeHalves(_ out: inout JSONWriter) {
        out.beginObject()
        out.field("cancelResult", succeeded(canceled) ? "SUCCESS" : "FAILURE")
        let result = placed.map { succeeded($0) ? "SUCCESS" : "FAILURE" }
        out.field("newOrderResult", result ?? "NOT_ATTEMPTED")
        out.key("cancelResponse")
        switch canceled {
        case .success(let order):
            if let list {
                BinanceListBodies.write(canceled: list, requestID: requestID, &out)
            } else {
                BinanceOrderBodies.write(canceled: order, requestID: requestID, &out)
            }
        case .failure(let refusal):
            BinanceSpotVenue.write(refusal, &out)
        }
        out.key("newOrderResponse")
        switch placed {
        case .success(let placement)?: BinanceOrderBodies.write(placed: placement, form, &out)
        case .failure(let refusal)?:
            BinanceSpotVenue.write(refusal, &out)
        case nil: out.null()
        }
        out.endObject()
    }
}
