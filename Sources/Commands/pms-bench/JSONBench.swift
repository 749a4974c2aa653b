import Bytes

/// The general JSON scanner on a book ticker in its combined form: the way any layout is read.
let jsonBenchmark = Benchmark(name: "json") {
    let frame = Array(
        """
        {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT",\
        "b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,\
        "E":1723161256313}}
        """.utf8)
    let count = 1_000
    let scan = Measure.nanoseconds(perOperationOf: count) {
        var mixed: UInt64 = 0
        for _ in 0..<count {
            guard let value = try? scanBookTicker(frame.rawSpan) else { return 0 }
            mixed ^= value
        }
        return mixed
    }
    let skip = Measure.nanoseconds(perOperationOf: count) {
        var mixed: UInt64 = 0
        for _ in 0..<count {
            var scanner = JSONScanner(frame.rawSpan)
            guard (try? scanner.skipValue()) != nil else { return 0 }
            mixed &+= UInt64(scanner.offset)
        }
        return mixed
    }
    return [
        Figure("json.book-ticker", scan, "ns"),
        Figure("json.skip", skip / Double(frame.count), "ns/byte"),
    ]
}

@inline(never)
private func scanBookTicker(_ bytes: RawSpan) throws(JSONError) -> UInt64 {
    var scanner = JSONScanner(bytes)
    var mixed: UInt64 = 0
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
        guard key == "data" else {
            try scanner.skipValue()
            continue
        }
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key.byteCount == 1 ? key.byte(0) : 0 {
            case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "a"), UInt8(ascii: "A"):
                mixed ^= UInt64(truncatingIfNeeded: try scanner.decimalUnits())
            case UInt8(ascii: "u"), UInt8(ascii: "T"), UInt8(ascii: "E"):
                mixed ^= UInt64(truncatingIfNeeded: try scanner.integer())
            case UInt8(ascii: "s"): mixed ^= UInt64(try scanner.string().byteCount)
            case _: try scanner.skipValue()
            }
        }
    }
    try scanner.finish()
    return mixed
}
