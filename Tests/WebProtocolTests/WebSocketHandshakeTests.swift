import Bytes
import DecoderVerifier
import Testing
import WebProtocol

@Suite struct WebSocketHandshakeTests {
    private let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private func request(_ changes: [String: String] = [:], method: String = "GET") -> HTTPRequest {
        var headers = HTTPHeaders()
        let standard = [
            ("Host", "x"), ("Upgrade", "websocket"), ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key),
        ]
        for (name, value) in standard { headers.append(name, changes[name] ?? value) }
        return HTTPRequest(method: method, target: "/ws", headers: headers)
    }

    @Test("The accept value is that of RFC 6455 section 1.3")
    func vector() throws {
        #expect(WebSocketHandshake.accept(forKey: key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let answer = String(decoding: try WebSocketHandshake.response(to: request()), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    }

    @Test(
        "A request that is no sound handshake is refused",
        arguments: [
            ("Connection", "close", 400), ("Upgrade", "h2c", 400),
            ("Sec-WebSocket-Version", "8", 426),
            ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=*", 400),
        ])
    func refusals(name: String, value: String, status: Int) {
        #expect(throws: HTTPError.self) {
            try WebSocketHandshake.response(to: request([name: value]))
        }
        do throws(HTTPError) {
            _ = try WebSocketHandshake.response(to: request([name: value]))
        } catch {
            #expect(error.status == status)
        }
    }

    /// The outcome of a client's handshake against the answer.
    private func outcome(_ pieces: [[UInt8]]) -> String {
        var handshake = WebSocketClientHandshake(
            nonce: (0x7468_6520_7361_6d70, 0x6c65_206e_6f6e_6365))
        for (index, piece) in pieces.enumerated() {
            do throws(WebSocketHandshakeError) {
                guard try handshake.received(piece.rawSpan) else { continue }
                let rest = handshake.takeRemainder() + pieces[(index + 1)...].flatMap { $0 }
                return "open, then \(rest.count)"
            } catch { return "refused: \(error)" }
        }
        return "waiting"
    }

    static let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    @Test("The client's request carries the nonce of RFC 6455, and the matching answer opens")
    func client() {
        let handshake = WebSocketClientHandshake(
            nonce: (0x7468_6520_7361_6d70, 0x6c65_206e_6f6e_6365))
        let bytes = handshake.request(host: "h:1", target: "/ws?a=b", headers: ["X": "y"])
        #expect(
            transcript(of: [bytes]) == [
                "GET /ws ?a=b {Host=h:1;Upgrade=websocket;Connection=Upgrade;"
                    + "Sec-WebSocket-Version=13;Sec-WebSocket-Key=\(key);X=y} [] stays"
            ])
        #expect(outcome([Array(Self.answer.utf8), [0x81, 0x00]]) == "open, then 2")
    }

    @Test(
        "I3: a wrong answer does not open the socket",
        arguments: [
            ("s3pPLM", "xxxxxx", "refused: 101 answer does not match the key"),
            (
                "101 Switching Protocols", "429 Too Many",
                "refused: 429 server refused the websocket"
            ),
            ("101 Switching Protocols", "101x", "refused: answer is not HTTP"),
            ("Upgrade: WebSocket", "A: b", "refused: 101 answer does not switch to websocket"),
            (
                "Upgrade: WebSocket",
                "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade: websocket",
                "refused: 101 answer chooses what was not offered"
            ),
            ("HTTP/1.1", "SMTP/1.1", "refused: bad HTTP version"),
        ])
    func badAnswers(from: String, to: String, expected: String) throws {
        let place = try #require(Self.answer.firstRange(of: from))
        let text = Self.answer.replacingSubrange(place, with: to)
        #expect(outcome([Array(text.utf8)]) == expected)
    }

    @Test("I3: the client's handshake is the same however the answer is split or damaged")
    func verifier() {
        let corpus = [Self.answer + "rest", "HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nno"].map {
            Array($0.utf8)
        }
        #expect(DecoderVerifier(seed: 41).findings(corpus: corpus, decode: outcome).isEmpty)
    }
}

extension String {
    fileprivate func replacingSubrange(_ range: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }

    fileprivate func firstRange(of text: String) -> Range<Index>? { self.ranges(of: text).first }
}
