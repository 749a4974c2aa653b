import Bounded
import Bytes
import Testing
import WebProtocol

@Suite struct WebSocketFrameTests {
    private func frame(
        _ opcode: WebSocketOpcode, _ payload: [UInt8], isFinal: Bool = true, key: UInt32? = nil
    ) -> [UInt8] {
        var out: [UInt8] = []
        WebSocketFrameWriter.append(
            opcode, payload: payload.rawSpan, isFinal: isFinal, maskingKey: key, to: &out)
        return out
    }

    private func client(_ bytes: [UInt8]...) -> [String] {
        transcript(of: [bytes.flatMap { $0 }], role: .client)
    }

    @Test("The examples of RFC 6455 section 5.7 are written and read")
    func rfcExamples() {
        let hello = Array("Hello".utf8)
        let plain: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        let masked: [UInt8] = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ]
        #expect(frame(.text, hello) == plain)
        #expect(frame(.text, hello, key: 0x37fa_213d) == masked)
        #expect(client(plain) == ["text 5 48656c6c6f"])
        #expect(transcript(of: [masked], role: .server) == ["text 5 48656c6c6f"])
        #expect(
            client([0x01, 0x03, 0x48, 0x65, 0x6c], [0x80, 0x02, 0x6c, 0x6f]) == [
                "text 5 48656c6c6f"
            ])
        #expect(
            frame(.binary, [UInt8](repeating: 0, count: 256)).prefix(4) == [0x82, 0x7E, 0x01, 0x00])
        #expect(
            frame(.binary, [UInt8](repeating: 0, count: 65_536)).prefix(10)
                == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test("I3: control frames between fragments come out at once, the message when it is whole")
    func interleaved() {
        let bytes =
            frame(.text, [0x61], isFinal: false) + frame(.ping, [1, 2]) + frame(.pong, [])
            + frame(.continuation, [0x62], isFinal: false) + frame(.continuation, [])
        #expect(client(bytes) == ["ping 2 0102", "pong 0 ", "text 2 6162"])
    }

    @Test("A character may be split over fragments; half a character at the end may not")
    func utf8() {
        #expect(
            client(frame(.text, [0xE2, 0x82], isFinal: false), frame(.continuation, [0xAC]))
                == ["text 3 e282ac"])
        #expect(client(frame(.text, [0xE2, 0x82])) == ["refused: 1007 text not UTF-8"])
        for bad: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]] {
            #expect(client(frame(.text, bad)) == ["refused: 1007 text not UTF-8"])
            #expect(client(frame(.binary, bad)).count == 1)
        }
        let text = Array("0123456789 – 漢字 🙂 0123456789abcdef".utf8)
        #expect(client(frame(.text, text)) == ["text \(text.count) \(Hex.text(text))"])
    }

    @Test("UTF-8 validation agrees with the standard library on random bytes")
    func utf8Twin() {
        var random = SplitMix64(seed: 20)
        let lead: [UInt8] = [
            0x41, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0x9F, 0xA0,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                lead.randomElement(using: &random) ?? 0
            }
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            #expect(client(frame(.text, bytes)).first?.hasPrefix("text") == isValid, "\(bytes)")
        }
    }

    @Test(
        "I3: a frame that breaks the protocol is refused with its code",
        arguments: [
            ([0xC1, 0x00], 1002), ([0x91, 0x00], 1002), ([0x83, 0x00], 1002), ([0x8B, 0x00], 1002),
            ([0x81, 0x80, 0, 0, 0, 0], 1002), ([0x09, 0x00], 1002), ([0x89, 0x7E, 0, 126], 1002),
            ([0x80, 0x00], 1002), ([0x01, 0x00, 0x81, 0x00], 1002), ([0x81, 0x7E, 0, 125], 1002),
            ([0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 1002),
            ([0x81, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002), ([0x81, 0x7E, 0x03, 0xE9], 1009),
            ([0x81, 0x7F, 0x7F, 255, 255, 255, 255, 255, 255, 255], 1009),
            ([0x88, 0x01, 0x03], 1002), ([0x88, 0x02, 0x03, 0xED], 1002),
            ([0x88, 0x02, 0x00, 0x00], 1002), ([0x88, 0x03, 0x03, 0xE8, 0xFF], 1007),
        ] as [([UInt8], UInt16)])
    func refusals(bytes: [UInt8], code: UInt16) {
        let lines = transcript(of: [bytes], role: .client)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("refused: \(code) ") == true, "\(lines)")
    }

    @Test("I3: a server refuses unmasked frames, a client masked ones")
    func masking() {
        #expect(
            transcript(of: [frame(.text, [])], role: .server) == [
                "refused: 1002 client frame not masked"
            ])
        #expect(client(frame(.text, [], key: 1)) == ["refused: 1002 server frame masked"])
    }

    @Test("I3: a message over its limit is refused at the header of the fragment that passes it")
    func messageLimit() {
        let part = [UInt8](repeating: 0, count: 1_000)
        #expect(
            client(frame(.binary, part, isFinal: false), [0x80, 0x7E, 0x01, 0xF5])
                == ["refused: 1009 message too large"])
    }

    @Test("A close frame yields code and reason, and nothing comes after it")
    func close() {
        var bytes: [UInt8] = []
        WebSocketFrameWriter.appendClose(.goingAway, reason: "bye", maskingKey: nil, to: &bytes)
        #expect(client(bytes, frame(.text, [])) == ["close(Optional(1001)) 3 627965"])
        #expect(client([0x88, 0x00]) == ["close(nil) 0 "])
        bytes = []
        let long = String(repeating: "é", count: 100)
        WebSocketFrameWriter.appendClose(.normal, reason: long, maskingKey: nil, to: &bytes)
        #expect(bytes[1] == 124)
        #expect(client(bytes).count == 1)
    }

    @Test("Any payload masked by any key comes back, whatever its alignment")
    func maskRoundTrip() {
        var random = SplitMix64(seed: 7)
        for count in 0..<300 {
            let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let key = UInt32.random(in: 0...UInt32.max, using: &random)
            let bytes = frame(.binary, payload, key: key)
            #expect(
                transcript(of: [bytes], role: .server)
                    == ["binary \(count) \(Hex.text(payload))"])
        }
    }

    @Test("The buffer is filled in place, moves and grows, and loses nothing")
    func fill() throws {
        let limits = WebSocketLimits(
            frameBytes: 70_000, messageBytes: 70_000, initialBufferBytes: 256)
        var parser = WebSocketFrameParser(role: .client, limits: limits)
        var random = SplitMix64(seed: 3)
        var stream: [UInt8] = []
        var sizes: [Int] = []
        for _ in 0..<200 {
            let size =
                Int.random(in: 0..<12, using: &random) == 0
                ? 66_000 : Int.random(in: 0...900, using: &random)
            sizes.append(size)
            stream += frame(.binary, [UInt8](repeating: UInt8(size & 0xFF), count: size))
        }
        var seen: [Int] = []
        var position = 0
        while position < stream.count {
            position += parser.fill { free in
                let count = min(free.byteCount, stream.count - position, 3_000)
                for index in 0..<count {
                    free.storeBytes(
                        of: stream[position + index], toByteOffset: index, as: UInt8.self)
                }
                return count
            }
            while try parser.next() != nil {
                let payload = parser.payload
                seen.append(payload.byteCount)
                for index in 0..<payload.byteCount
                where payload.byte(index) != UInt8(payload.byteCount & 0xFF) {
                    Issue.record("byte \(index) of \(payload.byteCount) is wrong")
                    return
                }
            }
        }
        #expect(seen == sizes)
    }
}
