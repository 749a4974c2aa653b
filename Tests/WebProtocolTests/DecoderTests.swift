import Bounded
import Bytes
import DecoderVerifier
import Testing
import WebProtocol

@Suite struct DecoderTests {
    private static let corpus: [[UInt8]] = [
        "GET /fapi/v1/depth?symbol=BTCUSDT&limit=5 HTTP/1.1\r\nHost: a\r\nX-MBX-APIKEY: k\r\n\r\n",
        "POST /order HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na=1&bGET / HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;e\r\nc\r\n0\r\nT: t\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    ].map { Array($0.utf8) }

    @Test("I3: the request parser is the same however its input is split, cut or damaged")
    func requestParser() {
        let limits = HTTPLimits(
            requestLineBytes: 80, headerBytes: 120, headerCount: 5, bodyBytes: 16)
        let findings = DecoderVerifier(seed: 11).findings(corpus: Self.corpus) {
            requests(in: $0, limits: limits)
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test(
        "I3: the frame parser is the same however its input is split, cut or damaged",
        arguments: [
            WebSocketFrameParser.Role.client, .server,
        ])
    func frameParser(role: WebSocketFrameParser.Role) {
        let key: UInt32? = role == .server ? 0x0102_0304 : nil
        var whole: [UInt8] = []
        var parts: [UInt8] = []
        let text = Array("{\"e\":\"bookTicker\",\"é\":1}".utf8)
        WebSocketFrameWriter.append(.text, payload: text.rawSpan, maskingKey: key, to: &whole)
        WebSocketFrameWriter.append(.ping, payload: text.rawSpan, maskingKey: key, to: &whole)
        WebSocketFrameWriter.appendClose(.normal, reason: "ok", maskingKey: key, to: &whole)
        WebSocketFrameWriter.append(
            .text, payload: text.rawSpan, isFinal: false, maskingKey: key, to: &parts)
        let empty: [UInt8] = []
        WebSocketFrameWriter.append(.pong, payload: empty.rawSpan, maskingKey: key, to: &parts)
        let spaces = [UInt8](repeating: 0x20, count: 130)
        WebSocketFrameWriter.append(
            .continuation, payload: spaces.rawSpan, maskingKey: key, to: &parts)
        let findings = DecoderVerifier(seed: 12, mutations: 50_000).findings(corpus: [whole, parts])
        {
            payloads(in: $0, role: role)
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test("I3: messages taken together are those taken one by one, whatever is sent")
    func messagesTogether() {
        var random = SplitMix64(seed: 15)
        for round in 0..<20_000 {
            var stream: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let codes: [WebSocketOpcode] = [.text, .text, .binary, .ping, .continuation]
                let code = codes[Int.random(in: 0..<codes.count, using: &random)]
                let most = code.isControl ? 125 : 150
                let text = [UInt8](repeating: 0x61, count: Int.random(in: 0...most, using: &random))
                let isFinal = code.isControl || Int.random(in: 0..<8, using: &random) > 0
                WebSocketFrameWriter.append(
                    code, payload: text.rawSpan, isFinal: isFinal, maskingKey: nil, to: &stream)
            }
            if Bool.random(using: &random) {
                let place = Int.random(in: 0..<stream.count, using: &random)
                stream[place] = UInt8.random(in: 0...255, using: &random)
            }
            let cut = Int.random(in: 0...stream.count, using: &random)
            let pieces = [Array(stream[..<cut]), Array(stream[cut...])]
            let limit = Int.random(in: 1...4, using: &random)
            #expect(
                payloadsTogether(in: pieces, role: .client, limit: limit)
                    == payloads(in: pieces, role: .client), "seed 15, round \(round)")
        }
    }

    @Test("I3: form fields never trap")
    func forms() {
        let corpus = ["symbol=BTCUSDT&side=BUY&quantity=0.001&signature=ab", "a=%C3%A9+b&c=%2B&d"]
        let findings = DecoderVerifier(seed: 13).findings(corpus: corpus.map { Array($0.utf8) }) {
            try? FormFields($0.flatMap { $0 }, limit: 5)
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test("The verifier finds a decoder that depends on how its input is split")
    func verifierFinds() {
        let findings = DecoderVerifier(seed: 14, mutations: 10).findings(corpus: [[1, 2, 3]]) {
            $0.first?.count
        }
        #expect(!findings.isEmpty)
    }
}
