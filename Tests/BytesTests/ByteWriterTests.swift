import Bytes
import Testing

@Suite("Writers grow, are reused, and JSON comes out well formed")
struct ByteWriterTests {
    @Test("pieces of every kind follow each other, and the memory is kept")
    func pieces() {
        var writer = ByteWriter(capacity: 1)
        for round in 0..<3 {
            writer.removeAll()
            writer.append("PUBLISH ")
            writer.append(byte: UInt8(ascii: "#"))
            writer.append(String(repeating: "é", count: 40 * round))
            writer.append(integer: -round)
            let tail: [UInt8] = Array("tail".utf8)
            writer.append(tail)
            let text = String(writer.rawSpan)
            #expect(
                text == "PUBLISH #" + String(repeating: "é", count: 40 * round) + "\(-round)tail")
        }
        writer.truncate(to: 9)
        writer.removeFirst(8)
        writer.overwrite(at: 0, with: UInt8(ascii: "!"))
        let rest = String(writer.rawSpan)
        #expect(rest == "!")
        unsafe writer.append(upTo: 4) { room in
            unsafe room[0] = UInt8(ascii: "a")
            return 1
        }
        #expect(writer.count == 2)
    }

    @Test("a written text reads back, with every escape")
    func writer() throws {
        var writer = JSONWriter(capacity: 1)
        for _ in 0..<2 {
            writer.removeAll()
            writer.beginObject()
            writer.field("text", "a\"\\\n\r\t\u{1}é😀")
            writer.field("number", Int64.min)
            writer.field("flag", true)
            writer.field("units", units: -1_500_000_000_000, places: 2)
            writer.key("list")
            writer.beginArray()
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.value(bareUnits: 250_000_000_000)
            writer.endArray()
            writer.key("k\"ey")
            writer.value(false)
            writer.endObject()
        }
        let expected =
            #"{"text":"a\"\\\n\r\t\u0001é😀","number":-9223372036854775808,"flag":true,"#
            + #""units":"-1.50","list":[null,{},0.25],"k\"ey":false}"#
        let text = writer.text
        #expect(text == expected)
        let tree = try JSONValue.parse(writer.bytes)
        #expect(tree["text"]?.text == "a\"\\\n\r\t\u{1}é😀")
        #expect(tree.json == expected)
    }

    @Test("hexadecimal text is read in both cases")
    func hex() {
        #expect(Hex.text([0x00, 0x9A, 0xFF]) == "009aff")
        #expect(Hex.value(of: UInt8(ascii: "F")) == 15)
        #expect(Hex.value(of: UInt8(ascii: "g")) == nil)
    }

    @Test("spans are compared with literals by every byte")
    func literals() {
        let bytes = Array("btcusdt@bookTicker".utf8)
        let span = bytes.rawSpan
        let answers = [
            span == "btcusdt@bookTicker", span != "btcusdt@bookTickeR",
            span != "btcusdt@bookTicke", span.hasPrefix("btcusdt@b"), !span.hasPrefix("btcusdt@B"),
            span.holds("@bookTicker", at: 7), !span.holds("@bookTicker!", at: 7),
        ]
        #expect(answers.allSatisfy { $0 })
        let empty: [UInt8] = []
        let nothing = empty.rawSpan
        let isSame = nothing == "" && nothing.hasSameBytes(as: nothing)
        #expect(isSame)
    }
}
