import Bytes
import DecoderVerifier
import Testing

@Suite("Protobuf")
struct ProtobufTests {
    private func walk(_ bytes: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(bytes.rawSpan)
        while try reader.nextField() != nil {}
    }

    private func take(_ bytes: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(bytes.rawSpan)
        _ = try reader.nextField()
        _ = try reader.place()
    }

    @Test("the documented examples are written and read: 150, \"testing\", and a message of 150")
    func documented() throws {
        var writer = ProtobufWriter()
        writer.field(1, 150)
        writer.field(2, "testing")
        let inner = writer.begin(3)
        writer.field(1, 150)
        writer.end(inner)
        let bytes: [UInt8] =
            [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8) + [0x1A, 0x03, 0x08, 0x96, 0x01]
        #expect(writer.bytes == bytes)
        var seen: [String] = []
        var reader = ProtobufReader(bytes.rawSpan)
        while let number = try reader.nextField() {
            switch number {
            case 1: seen.append("\(try reader.integer())")
            case 2: seen.append(String(decoding: bytes[try reader.place()], as: UTF8.self))
            case _: break
            }
        }
        #expect(seen == ["150", "testing"])
    }

    @Test("numbers of every length, negative ones among them, come back")
    func numbers() throws {
        for shift in 0..<64 {
            for value in [Int64(1) << shift, ~(Int64(1) << shift), -(Int64(1) << min(shift, 62))]
            where value != 0 {
                var writer = ProtobufWriter()
                writer.field(7, value)
                let bytes = writer.bytes
                var reader = ProtobufReader(bytes.rawSpan)
                let number = try reader.nextField()
                let back = try reader.integer()
                #expect(number == 7 && back == value)
            }
        }
    }

    @Test("messages whose length takes one, two and three bytes, within one another")
    func lengths() throws {
        for length in [0, 1, 127, 128, 16_383, 16_384, 40_000] {
            let text = String(repeating: "x", count: length)
            var writer = ProtobufWriter(capacity: 16)
            let outer = writer.begin(314)
            let inner = writer.begin(1)
            writer.field(2, text)
            writer.end(inner)
            writer.field(3, 5)
            writer.end(outer)
            let bytes = writer.bytes
            var reader = ProtobufReader(bytes.rawSpan)
            let outside = try reader.nextField()
            #expect(outside == 314)
            var body = ProtobufReader(bytes.rawSpan, in: try reader.place())
            let inside = try body.nextField()
            #expect(inside == 1)
            var item = ProtobufReader(bytes.rawSpan, in: try body.place())
            if length > 0 {
                let number = try item.nextField()
                #expect(number == 2)
                let place = try item.place()
                #expect(place.count == length)
            }
            let end = try item.nextField()
            let next = try body.nextField()
            #expect(end == nil && next == 3)
            let last = try body.integer()
            let rest = try reader.nextField()
            #expect(last == 5 && rest == nil)
        }
    }

    @Test("fixed-size fields are stepped over; groups, field 0 and overlong numbers are refused")
    func oddities() {
        #expect(throws: Never.self) {
            try walk([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4])
        }
        for (bytes, code) in [
            ([0x0B, 0x0C], ProtobufError.Code.badWireType), ([0x00, 0x01], .badTag),
            ([0x08, 0x80], .unexpectedEnd), ([0x12, 0x05, 1], .unexpectedEnd),
            ([0x08] + [UInt8](repeating: 0xFF, count: 10), .badVarint),
            ([0x08] + [UInt8](repeating: 0x80, count: 9) + [0x02], .badVarint),
            ([0x09, 1, 2], .unexpectedEnd),
        ] as [([UInt8], ProtobufError.Code)] {
            let error = #expect(throws: ProtobufError.self) { try walk(bytes) }
            #expect(error?.code == code, "\(bytes)")
        }
        let error = #expect(throws: ProtobufError.self) { try take([0x08, 0x01]) }
        #expect(error?.code == .wrongType)
    }

    @Test("I3: 100,000 mutated messages are walked to a value or an error")
    func mutations() {
        var writer = ProtobufWriter()
        writer.field(1, "channel")
        let body = writer.begin(313)
        for index in 0..<3 {
            let item = writer.begin(1)
            writer.field(1, "93\(index).5")
            writer.field(4, Int64(1_736_000_000_000 + index))
            writer.end(item)
        }
        writer.end(body)
        let findings = DecoderVerifier(seed: 31).findings(corpus: [writer.bytes]) { pieces in
            Self.walk(Array(pieces.joined()))
        }
        #expect(findings == [])
    }

    private static func walk(_ bytes: [UInt8]) -> String {
        var seen = ""
        do throws(ProtobufError) {
            try walk(bytes.rawSpan, 0..<bytes.count, depth: 0, &seen)
        } catch {
            seen += " \(error)"
        }
        return seen
    }

    private static func walk(
        _ bytes: RawSpan, _ place: Range<Int>, depth: Int, _ seen: inout String
    ) throws(ProtobufError) {
        var reader = ProtobufReader(bytes, in: place)
        while let number = try reader.nextField() {
            seen += " \(number)"
            if reader.isInteger { seen += "=\(try reader.integer())" }
            guard depth < 3, reader.isText else { continue }
            let inner = try reader.place()
            if number == 313 || depth == 1 { try walk(bytes, inner, depth: depth + 1, &seen) }
        }
    }
}
