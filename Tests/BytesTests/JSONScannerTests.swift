import Bytes
import Testing

@Suite("The JSON scanner reads a known layout, skips the rest, and says where it stops")
struct JSONScannerTests {
    @Test("a book ticker is read in place; unknown fields and white space are stepped over")
    func knownLayout() throws {
        let bytes = Array(
            """
            { "e" : "bookTicker", "new": {"deep": [1, {"x": "}]"}, null]}, "u":5123107839020,
            "s":"BTCUSDT","b":"61800.20","B":2.507, "flag": true, "quoted":"TRUE",
            "nothing":null, "T":"1723161256313" }\n
            """.utf8)
        var scanner = JSONScanner(bytes.rawSpan)
        var found: [String: String] = [:]
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch String(key) {
            case "u", "T": found[String(key)] = "\(try scanner.integer())"
            case "b", "B": found[String(key)] = DecimalText.text(try scanner.decimalUnits())
            case "s": found["s"] = String(try scanner.string())
            case "flag", "quoted": found[String(key)] = "\(try scanner.boolean())"
            case "nothing": found["nothing"] = "\(try scanner.skipNull())"
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        #expect(
            found == [
                "u": "5123107839020", "T": "1723161256313", "b": "61800.2", "B": "2.507",
                "s": "BTCUSDT", "flag": "true", "quoted": "true", "nothing": "true",
            ])
    }

    @Test("a raw value is the bytes it is written in")
    func rawValue() throws {
        let bytes = Array(#"[ {"a" : [1,2]} ,"x\"y", -1.5e+3]"#.utf8)
        var scanner = JSONScanner(bytes.rawSpan)
        var values: [String] = []
        try scanner.enterArray()
        while try scanner.nextElement() { values.append(String(try scanner.rawValue())) }
        try scanner.finish()
        #expect(values == [#"{"a" : [1,2]}"#, #""x\"y""#, "-1.5e+3"])
    }

    static let refused: [(text: String, code: JSONError.Code, offset: Int)] = [
        ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2),
        ("[1 2]", .unexpectedByte, 3), ("[1,,2]", .unexpectedByte, 3), ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1), ("[1}", .unexpectedByte, 2), ("[}", .unexpectedByte, 1),
        ("{]", .wrongType, 1), ("{1:2}", .wrongType, 1), ("{\"a\" 1}", .unexpectedByte, 5),
        ("{\"a\":}", .unexpectedByte, 5), ("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
        ("{\"a\":1,}", .unexpectedByte, 7), ("{\"a\":1", .unexpectedEnd, 6),
        ("[", .unexpectedEnd, 1),
        ("1.2.3", .trailingBytes, 3), ("--1", .unexpectedByte, 1), ("01", .trailingBytes, 1),
        ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("5.", .unexpectedEnd, 2),
        ("[5.]", .unexpectedByte, 3), ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3),
        ("[1ex]", .unexpectedByte, 3), ("-", .unexpectedEnd, 1), ("NaN", .unexpectedByte, 0),
        ("nul", .unexpectedByte, 0), ("truE", .unexpectedByte, 0), ("[truex]", .unexpectedByte, 5),
        ("\"a", .unexpectedEnd, 2), ("\"a\nb\"", .badString, 2), ("\"\\x\"", .badString, 2),
        ("\"\\u12g4\"", .badString, 5), ("\"\\", .unexpectedEnd, 2), ("\"\\u1", .unexpectedEnd, 4),
        ("\"\\\n\"", .badString, 2), ("{} {}", .trailingBytes, 3), ("1,", .trailingBytes, 1),
        ("'a'", .unexpectedByte, 0), ("{\"a\":1}}", .trailingBytes, 7),
        ("// x\n1", .unexpectedByte, 0),
    ]

    @Test("a malformed text is refused at its first bad byte (I3)", arguments: refused)
    func refusal(text: String, code: JSONError.Code, offset: Int) {
        let bytes = Array(text.utf8)
        #expect(throws: JSONError(code, offset: offset)) {
            var scanner = JSONScanner(bytes.rawSpan)
            try scanner.skipValue()
            try scanner.finish()
        }
        #expect(throws: JSONError(code, offset: offset)) { try JSONValue.parse(bytes) }
    }

    @Test("nesting is limited: 32 levels are read, 33 and 100,000 are refused (I3)")
    func depth() throws {
        for depth in [32, 33, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let value = open == "[" ? "" : "1"
                let text =
                    String(repeating: open, count: depth) + value
                    + String(repeating: close, count: depth)
                let bytes = Array(text.utf8)
                if depth == 32 {
                    _ = try JSONValue.parse(bytes)
                } else {
                    let offset = 32 * open.utf8.count
                    #expect(throws: JSONError(.tooDeep, offset: offset)) {
                        try JSONValue.parse(bytes)
                    }
                }
            }
        }
    }

    @Test("a text above the size limit is refused before it is read (I3)")
    func size() {
        var limits = JSONScanner.Limits()
        limits.size = 8
        for (text, isFit) in [("[1,2,30]", true), ("[1,2,300]", false), ("123456789", false)] {
            let bytes = Array(text.utf8)
            var code: JSONError.Code?
            do throws(JSONError) {
                _ = try JSONValue.parse(bytes.rawSpan, limits: limits)
            } catch { code = error.code }
            #expect(code == (isFit ? nil : .tooLarge))
        }
    }

    static let numbers: [(text: String, integer: Int64?, decimal: String?)] = [
        ("0", 0, "0"), ("-0", 0, "0"), ("7", 7, "7"), ("-12", -12, "-12"),
        ("1E3", nil, "1000"), ("1.5e-3", nil, "0.0015"), ("1e-12", nil, "0.000000000001"),
        ("1e-13", nil, nil), ("1E13", nil, nil),
        (
            "9999999999999.999999999999", nil,
            "9999999999999.999999999999"
        ),
        ("9223372036854775807", 9_223_372_036_854_775_807, nil),
        ("-9223372036854775808", -9_223_372_036_854_775_808, nil),
        ("9223372036854775808", nil, nil), ("99999999999999999999", nil, nil),
        ("1234567890123456789", 1_234_567_890_123_456_789, nil),
        ("0.00000001", nil, "0.00000001"), ("100000000000000000000E-10", nil, "10000000000"),
    ]

    @Test(
        "numbers with exponents, 20 digits or none are held exactly or refused (I2)",
        arguments: numbers)
    func number(text: String, integer: Int64?, decimal: String?) throws {
        for text in [text, "\"\(text)\""] {
            let bytes = Array("[\(text), \(text)]".utf8)
            var scanner = JSONScanner(bytes.rawSpan)
            try scanner.enterArray()
            _ = try scanner.nextElement()
            var foundInteger: Int64?
            do { foundInteger = try scanner.integer() } catch {
                #expect(error == JSONError(.badNumber, offset: 1))
            }
            #expect(foundInteger == integer)
            scanner = JSONScanner(bytes.rawSpan)
            try scanner.enterArray()
            _ = try scanner.nextElement()
            var foundUnits: Int128?
            do { foundUnits = try scanner.decimalUnits() } catch {
                #expect(error == JSONError(.badNumber, offset: 1))
            }
            #expect(foundUnits.map(DecimalText.text) == decimal)
        }
    }

    @Test("a value of another type is refused where it stands")
    func types() {
        for text in [" {}", " []", " true", " null"] {
            let bytes = Array(text.utf8)
            #expect(throws: JSONError(.wrongType, offset: 1)) {
                var scanner = JSONScanner(bytes.rawSpan)
                _ = try scanner.integer()
            }
            #expect(throws: JSONError(.wrongType, offset: 1)) {
                var scanner = JSONScanner(bytes.rawSpan)
                _ = try scanner.decimalUnits()
            }
            #expect(throws: JSONError(.wrongType, offset: 1)) {
                var scanner = JSONScanner(bytes.rawSpan)
                _ = try scanner.text()
            }
        }
    }

    static let strings: [(raw: String, text: String?)] = [
        (#"a\"b\\c\/d"#, "a\"b\\c/d"), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"),
        (#"\u00e9\u20ac"#, "é€"), (#"\ud83d\ude00"#, "😀"), ("é€😀", "é€😀"),
        (#"\ud83d"#, nil), (#"\ud83d\u0041"#, nil), (#"\ude00"#, nil), (#"\u0000"#, "\0"),
    ]

    @Test("escapes are resolved; lone surrogates are refused", arguments: strings)
    func escapes(raw: String, text: String?) throws {
        let bytes = Array("\"\(raw)\"".utf8)
        var scanner = JSONScanner(bytes.rawSpan)
        var found: String?
        do { found = try scanner.text() } catch {
            #expect(error == JSONError(.badString, offset: 0))
        }
        #expect(found == text)
    }

    @Test("a string that is not UTF-8 is refused when it is wanted as text (I3)")
    func notUTF8() {
        for bad: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80]] {
            let bytes = [UInt8(ascii: "\"")] + bad + [UInt8(ascii: "\"")]
            #expect(throws: JSONError(.badString, offset: 0)) { try JSONValue.parse(bytes) }
        }
    }
}
