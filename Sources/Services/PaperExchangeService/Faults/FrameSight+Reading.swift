internal import Bytes

extension FrameSight {
    /// Event types of users' streams.
    private static let userEvents: Set<String> = [
        "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "TRADE_LITE", "ACCOUNT_CONFIG_UPDATE",
        "ALGO_UPDATE", "MARGIN_CALL", "CONDITIONAL_ORDER_TRIGGER_REJECT", "STRATEGY_UPDATE",
        "GRID_UPDATE", "listenKeyExpired", "executionReport", "outboundAccountPosition",
        "balanceUpdate", "eventStreamTerminated", "listStatus", "externalLockUpdate",
    ]
    /// How streams call the events whose type has another name.
    private static let streamNames = [
        "depthUpdate": "depth", "markPriceUpdate": "markPrice", "24hrTicker": "ticker",
        "24hrMiniTicker": "miniTicker", "continuous_kline": "continuousKline",
    ]
    /// How far into a frame its type and symbol are looked for.
    private static let lookedAt = 512

    /// Sees what a frame of JSON is, by the marks that every event of the venues carries.
    package init(exchange: String, text bytes: [UInt8]) {
        self.init(exchange: exchange)
        let head = bytes.prefix(FrameSight.lookedAt)
        let named = FrameSight.value(of: "\"stream\":\"", in: head)
        let type = FrameSight.value(of: "\"e\":\"", in: head)
        symbol = FrameSight.value(of: "\"s\":\"", in: head)
        isUserEvent = type.map { FrameSight.userEvents.contains($0) } ?? false
        if let named {
            stream = named
            if symbol == nil, !isUserEvent, !named.hasPrefix("!") {
                symbol = named.prefix { $0 != "@" }.uppercased()
            }
        } else if let type {
            let kind = FrameSight.streamNames[type] ?? type
            stream = "\(symbol?.lowercased() ?? "!\(kind)")@\(kind)"
        } else if let symbol {
            stream = "\(symbol.lowercased())@bookTicker"
        } else {
            isReply = FrameSight.value(of: "\"lastUpdateId\":", in: head) == nil
        }
    }

    /// Sees what a frame of protobuf is: its first field is the channel's name.
    package init(exchange: String, binary bytes: [UInt8]) {
        self.init(exchange: exchange)
        guard bytes.count > 2, bytes[0] == 0x0A, bytes[1] < 0x80,
            bytes.count >= 2 + Int(bytes[1])
        else { return }
        stream = String(decoding: bytes[2..<2 + Int(bytes[1])], as: UTF8.self)
        isUserEvent = stream.hasPrefix("spot@private.")
        let parts = stream.split(separator: "@")
        guard !isUserEvent else { return }
        let named = parts.last { part in
            part.contains(where: \.isUppercase) && !part.contains(where: \.isLowercase)
        }
        symbol = named.map(String.init)
    }

    /// What stands behind a mark up to the next quote; nil where the mark is not there.
    private static func value(of mark: StaticString, in bytes: ArraySlice<UInt8>) -> String? {
        let pattern = Array("\(mark)".utf8)
        guard bytes.count > pattern.count, let first = pattern.first else { return nil }
        var index = bytes.startIndex
        let last = bytes.endIndex - pattern.count
        while index <= last {
            if bytes[index] == first, bytes[index..<index + pattern.count].elementsEqual(pattern) {
                let rest = bytes[(index + pattern.count)...]
                return String(
                    decoding: rest.prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            }
            index += 1
        }
        return nil
    }
}
