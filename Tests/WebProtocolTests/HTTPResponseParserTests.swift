import Bytes
import DecoderVerifier
import Testing
import WebProtocol

@Suite struct HTTPResponseParserTests {
    private static let limits = HTTPLimits(headerBytes: 120, headerCount: 5, bodyBytes: 32)

    /// All the parser says about pieces of input, and about their end.
    private static func answers(in pieces: [[UInt8]], isHead: Bool = false) -> [String] {
        var parser = HTTPResponseParser(limits: limits)
        var lines: [String] = []
        do throws(HTTPError) {
            for piece in pieces {
                parser.append(piece.rawSpan)
                while let answer = try parser.next(isHead: isHead) { lines.append(summary(answer)) }
            }
            if let answer = try parser.ended() { lines.append(summary(answer)) }
        } catch {
            lines.append("refused: \(error.message)")
        }
        return lines
    }

    private static func summary(_ answer: HTTPAnswer) -> String {
        let body = String(decoding: answer.body, as: UTF8.self)
        return "\(answer.status) \(answer.headers.count) [\(body)]"
            + (answer.staysOpen ? " stays" : " closes")
    }

    private func answers(_ text: String, isHead: Bool = false) -> [String] {
        HTTPResponseParserTests.answers(in: [Array(text.utf8)], isHead: isHead)
    }

    @Test(
        "Answers are framed as RFC 9112 has it",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 1 [ok] stays"),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 1 [] stays"),
            ("HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", "204 1 [] stays"),
            ("HTTP/1.1 304 X\r\n\r\n", "304 0 [] stays"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 1 [ok] closes"),
            (
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
                "200 2 [ok] stays"
            ),
            (
                "HTTP/1.1 200 OK\r\nconnection: x, CLOSE\r\nContent-Length: 2\r\n\r\nok",
                "200 2 [ok] closes"
            ),
            ("HTTP/1.1 418 X\r\nA: b\r\n\r\nto the end", "418 1 [to the end] closes"),
            (
                "HTTP/1.1 100 C\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
                "200 1 [a] stays"
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;e\r\nc\r\n0\r\nT: t\r\n\r\n",
                "200 1 [abc] stays"
            ),
        ])
    func framing(text: String, expected: String) { #expect(answers(text) == [expected]) }

    @Test("An answer to HEAD has no body, whatever length it tells")
    func head() {
        #expect(
            answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", isHead: true) == [
                "200 1 [] stays"
            ])
    }

    @Test(
        "What cannot be framed is refused",
        arguments: [
            ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "line not ended by CR LF"),
            ("HTTP/2 200 OK\r\n\r\n", "answer is not HTTP"),
            ("HTTP/1.1 099 X\r\n\r\n", "answer is not HTTP"),
            ("HTTP/1.1 101 X\r\n\r\n", "an answer nobody asked for"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "bad content length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad content length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n", "body too large"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "bad transfer coding"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "bad transfer coding"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n", "body too large"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
                "chunk longer than its size"
            ),
            ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 33), "body too large"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "response cut short"),
            ("HTTP/1.1 200 OK\r\nContent-Le", "response cut short"),
        ])
    func refusals(text: String, reason: String) { #expect(answers(text) == ["refused: \(reason)"]) }

    @Test("I3: the answer is the same however the input is split, cut or damaged")
    func splits() {
        let corpus = [
            "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 X\r\n\r\n",
            "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2\r\nab\r\n1;e\r\nc\r\n0\r\nT: t\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nto the end",
        ].map { Array($0.utf8) }
        let findings = DecoderVerifier(seed: 19).findings(corpus: corpus) {
            HTTPResponseParserTests.answers(in: $0)
        }
        #expect(findings.isEmpty, "\(findings)")
    }
}
