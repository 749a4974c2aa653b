import Bytes
import DecoderVerifier
import ExchangeDoor
import Testing
import WebProtocol

/// What a client may send on a socket, as masked frames on the wire.
@Suite("Messages of clients") struct MessageDecoderTests {
    private static let texts = [
        #"{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@depth"],"id":1}"#,
        #"{"id":"9f-uuid","method":"UNSUBSCRIBE","params":["btcusdt@depth"]}"#,
        #"{"method":"SET_PROPERTY","params":["combined",true],"id":5}"#,
        #"{"method":"LIST_SUBSCRIPTIONS","id":null}"#,
        #"{"id":"3f7d","method":"order.place","params":{"apiKey":"k","price":43187,"#
            + #""quantity":"0.1","reduceOnly":false,"symbol":"BTCUSDT","signature":"0f"}}"#,
        #"{"id":1,"method":"ticker.book","params":{}}"#,
    ]

    private static var corpus: [[UInt8]] {
        texts.flatMap { text -> [[UInt8]] in
            var frame: [UInt8] = []
            text.withRawSpan {
                WebSocketFrameWriter.append(
                    .text, payload: $0, maskingKey: 0x1234_5678, to: &frame)
            }
            var halves: [UInt8] = []
            let (first, second) = (Array(text.utf8.prefix(20)), Array(text.utf8.dropFirst(20)))
            WebSocketFrameWriter.append(
                .text, payload: first.rawSpan, isFinal: false, maskingKey: 7, to: &halves)
            WebSocketFrameWriter.append(
                .continuation, payload: second.rawSpan, maskingKey: 9, to: &halves)
            return [frame, halves]
        }
    }

    private struct Outcome: Equatable {
        var commands: [StreamCommand?] = []
        var requests: [SocketRequest?] = []
        var failed = false
    }

    private static func decode(_ pieces: [[UInt8]]) -> Outcome {
        var parser = WebSocketFrameParser(role: .server, limits: .server)
        var outcome = Outcome()
        for piece in pieces {
            parser.append(piece.rawSpan)
            do throws(WebSocketError) {
                while let event = try parser.next() {
                    guard event == .text || event == .binary else { continue }
                    outcome.commands.append(try? StreamCommand(parser.payload))
                    outcome.requests.append(try? SocketRequest(parser.payload))
                }
            } catch {
                outcome.failed = true
                return outcome
            }
        }
        return outcome
    }

    @Test("I3 in any pieces, cut or damaged, they are read the same and harm nothing")
    func messages() {
        let verifier = DecoderVerifier(seed: 11, mutations: 40_000)
        #expect(verifier.findings(corpus: Self.corpus) { Self.decode($0) } == [])
    }

    @Test("An id is kept as it was written, and parameters as they stand, sorted by name")
    func requests() throws {
        let params = #"{"b":[1, {"x":null}],"a":1.50,"c":null,"Z":true,"a":2}"#
        let text = #"{"id": 1.0e3,"params":\#(params), "method":"m"}"#
        let bytes = Array(text.utf8)
        let request = try SocketRequest(bytes.rawSpan)
        #expect(request.id.raw == Array("1.0e3".utf8))
        #expect(
            request.fields == [
                RequestField(name: "Z", value: "true"), RequestField(name: "a", value: "2"),
                RequestField(name: "b", value: #"[1,{"x":null}]"#),
            ])
    }
}
