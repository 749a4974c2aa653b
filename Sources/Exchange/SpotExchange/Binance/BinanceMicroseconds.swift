internal import Bytes
internal import ExchangeDoor

/// Times in microseconds, for who asks for them (`X-MBX-TIME-UNIT`, `timeUnit`).
///
/// The exchange counts milliseconds; a body is written in them and its times are lengthened by three
/// digits here, found by their names, or by their places in a candle.
internal enum BinanceMicroseconds {
    /// Names that stand for a time wherever they come.
    private static let names: Set<String> = [
        "time", "updateTime", "transactTime", "transactionTime", "workingTime", "serverTime",
        "openTime", "closeTime", "E", "T", "W", "trailingTime", "authorizedSince",
        "connectedSince",
    ]

    /// A body with its times in microseconds; one that cannot be read stays as it is.
    static func rewritten(_ bytes: [UInt8]) -> [UInt8] {
        guard let value = try? JSONValue.parse(bytes) else { return bytes }
        var out = JSONWriter(capacity: bytes.count + bytes.count / 8)
        write(value, inCandle: false, event: nil, &out)
        return out.bytes
    }

    private static func write(
        _ value: JSONValue, inCandle: Bool, event: String?, _ out: inout JSONWriter
    ) {
        switch value {
        case .object(let members):
            let event = value["e"]?.text ?? event
            out.beginObject()
            for member in members {
                out.key(member.key)
                if isTime(member.key, inCandle: inCandle, event), let time = time(member.value) {
                    out.value(time)
                } else {
                    write(member.value, inCandle: member.key == "k", event: event, &out)
                }
            }
            out.endObject()
        case .array(let elements):
            // A candle of REST: twelve places, the opening and the closing time among them.
            let isCandle = elements.count == 12
            out.beginArray()
            for (place, element) in elements.enumerated() {
                if isCandle, place == 0 || place == 6, let time = time(element) {
                    out.value(time)
                } else {
                    write(element, inCandle: false, event: event, &out)
                }
            }
            out.endArray()
        case .null, .boolean, .number, .string: value.write(into: &out)
        }
    }

    /// A bare number of milliseconds in microseconds; -1 says that there is no time yet.
    private static func time(_ value: JSONValue) -> Int64? {
        guard case .number = value, let time = value.integer else { return nil }
        return time < 0 ? time : time * 1_000
    }

    private static func isTime(_ name: String, inCandle: Bool, _ event: String?) -> Bool {
        switch name {
        // The opening of a candle; elsewhere the number of a trade.
        case "t": inCandle
        // When the account last changed; elsewhere the number of an update.
        case "u": event == "outboundAccountPosition"
        case "O": event == "executionReport" || event?.hasSuffix("icker") == true
        case "C": event?.hasSuffix("icker") == true
        case _: names.contains(name)
        }
    }
}

/// In what times are told.
internal enum BinanceTimeUnit: Sendable {
    case millisecond
    case microsecond

    /// Reads what a client asks for; without a word it is milliseconds.
    init(_ text: String?) throws(ExchangeError) {
        switch text {
        case nil, "MILLISECOND", "millisecond": self = .millisecond
        case "MICROSECOND", "microsecond": self = .microsecond
        case _:
            throw ExchangeError(
                -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
        }
    }
}
