internal import Bounded

/// Changes requests and messages at random, from a seed.
internal struct FuzzMutator {
    var random: SplitMix64

    private static let values = [
        "", " ", "0", "-1", "1e400", "NaN", "null", "true", "[]", "{}", "\"", "'", "%", "%zz", "\u{0}",
        "9223372036854775807", "-9223372036854775808", "99999999999999999999999999", "0.000000000001",
        "0.0000000000001", "1000000000000", "BTCUSDT", "btcusdt", "ETHUSDT", "SELL", "MARKET", "FOK",
        "GTX", "LIMIT_MAKER", "币安人生", "😀", "a b+c", "../..", "<script>", "1,2,3", "[[[[[[[[[[",
        "{\"a\":{\"a\":{\"a\":{}}}}", "0x10", "１２", "-0", "+1", ".5", "5.",
    ]
    private static let names = [
        "symbol", "side", "type", "quantity", "price", "timestamp", "recvWindow", "signature",
        "orderId", "limit", "fromId", "startTime", "endTime", "reduceOnly", "positionSide", "x", "",
        "newClientOrderId", "batchOrders", "leverage", "closePosition", "stopPrice",
        "icebergQty", "trailingDelta", "quoteOrderQty", "timeInForce", "selfTradePreventionMode",
        "orderListId", "listClientOrderId", "workingIcebergQty", "workingQuantity", "pendingType",
        "pendingTrailingDelta", "pendingAboveType", "pendingAboveStopPrice", "pendingBelowType",
        "pendingBelowTrailingDelta", "aboveTrailingDelta", "belowIcebergQty", "cancelReplaceMode",
    ]
    private static let methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "get", "", "OPTIONS"]

    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(1, bound))) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    mutating func mutate(_ request: inout FuzzRequest) {
        for _ in 0..<below(3) {
            let index = below(request.fields.count)
            switch below(9) {
            case 0 where !request.fields.isEmpty: request.fields.remove(at: index)
            case 1 where !request.fields.isEmpty: request.fields.append(request.fields[index])
            case 2, 3, 4, 5:
                if !request.fields.isEmpty { request.fields[index].value = value() }
            case 6: request.fields.append((pick(FuzzMutator.names), value()))
            case 7: request.method = pick(FuzzMutator.methods)
            case _:
                var path = Array(request.path.utf8)
                garble(&path)
                request.path = String(decoding: path, as: UTF8.self)
            }
        }
    }

    private mutating func value() -> String {
        switch below(12) {
        case 0: String(repeating: pick(["A", "9", "%", "[", "é"]), count: below(3_000))
        case 1: String(Int64(bitPattern: random.next()))
        case 2: "\(below(100_000)).\(below(100_000))"
        case 3: String(1_700_000_000_000 + below(100_000_000))
        case _: pick(FuzzMutator.values)
        }
    }

    /// Changes, removes, inserts or doubles a few bytes.
    mutating func garble(_ bytes: inout [UInt8]) {
        for _ in 0..<1 + below(4) {
            if bytes.isEmpty { return }
            let index = below(bytes.count)
            switch below(5) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
            case 3: bytes.removeSubrange(index...)
            case _: bytes += bytes[index...].prefix(64)
            }
        }
    }
}
