import Bytes
import Testing
import WebProtocol

@Suite struct HTTPRequestParserTests {
    private let host = "Host: x\r\n"

    @Test("A GET comes out with its query untouched")
    func get() {
        #expect(
            transcript(
                of: "GET /fapi/v1/order?a=%20b+c&d HTTP/1.1\r\nHost: x\r\nX-Key:  v \r\n\r\n")
                == ["GET /fapi/v1/order ?a=%20b+c&d {Host=x;X-Key=v} [] stays"])
    }

    @Test("Pipelined requests come out one by one, with fixed and chunked bodies")
    func pipeline() {
        let text =
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabc"
            + "\r\nPOST /b HTTP/1.1\r\n\(host)Transfer-Encoding: Chunked\r\n\r\n"
            + "3;x=1\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
            + "GET /c HTTP/1.0\r\n\r\n"
        #expect(
            transcript(of: text) == [
                "POST /a ? {Host=x;Content-Length=3} [abc] stays",
                "POST /b ? {Host=x;Transfer-Encoding=Chunked} [abc0123456789] stays",
                "GET /c ? {} [] closes",
            ])
    }

    @Test("Keep-alive follows version and Connection")
    func keepAlive() {
        #expect(
            transcript(of: "GET / HTTP/1.1\r\n\(host)Connection: x, Close\r\n\r\n")[0].hasSuffix(
                "closes"))
        #expect(
            transcript(of: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")[0].hasSuffix("stays")
        )
    }

    @Test("An absolute target loses scheme and authority")
    func absoluteTarget() {
        #expect(
            transcript(of: "GET http://h:1/p?q HTTP/1.1\r\n\(host)\r\n")[0].hasPrefix("GET /p ?q"))
        #expect(transcript(of: "GET http://h HTTP/1.1\r\n\(host)\r\n")[0].hasPrefix("GET / ?"))
        #expect(transcript(of: "GET http:/ HTTP/1.1\r\n\(host)\r\n")[0].hasPrefix("refused: 400"))
    }

    @Test("A client that expects 100 Continue is asked for its body after the head")
    func expectation() {
        let text = "POST / HTTP/1.1\r\n\(host)Expect: 100-continue\r\nContent-Length: 1\r\n\r\nz"
        #expect(transcript(of: text).first == "continue?")
        #expect(transcript(of: text).count == 2)
        #expect(
            transcript(of: "POST / HTTP/1.1\r\n\(host)Expect: tea\r\nContent-Length: 1\r\n\r\n")
                == ["refused: 417 expectation not supported"])
    }

    @Test(
        "I3: what could be read in two ways, and what is not HTTP, is refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: x\n\n", 400), ("GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400),
            ("G(T / HTTP/1.1\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\n\r\n", 400), ("GET /#f HTTP/1.1\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505),
            ("GET / HTPP/1.1\r\n\r\n", 400),
            ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                400
            ),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\n", 400),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                413
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad\r\n\r\n",
                400
            ),
        ])
    func refusals(text: String, status: Int) {
        let lines = transcript(of: text)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("refused: \(status) ") == true, "\(lines)")
    }

    @Test(
        "I3: each limit is kept, on the byte",
        arguments: [
            ("GET /2345678 HTTP/1.1\r\nHost: x\r\n\r\n", 0), ("GET /23456789 HTTP/1.1\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: 34567890123\r\n\r\n", 0),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: 345678901234\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\na:\r\nb:\r\n\r\n", 0),
            ("GET / HTTP/1.1\r\nHost: x\r\na:\r\nb:\r\nc:\r\n\r\n", 431),
            ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n", 431),
            ("PUT / HTTP/1.1\r\nHost:\r\nContent-Length:5\r\n\r\nabcde", 0),
            ("PUT / HTTP/1.1\r\nHost:\r\nContent-Length:6\r\n\r\n", 413),
        ])
    func limits(text: String, status: Int) {
        let limits = HTTPLimits(
            requestLineBytes: 21, headerBytes: 21, headerCount: 3, bodyBytes: 5)
        let wide = HTTPLimits(requestLineBytes: 21, headerBytes: 22, headerCount: 3, bodyBytes: 5)
        let lines = transcript(
            of: text, limits: text.hasPrefix("PUT / HTTP/1.1\r\nHost:\r\n") ? wide : limits)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("refused: \(status) ") == (status != 0), "\(lines)")
    }

    @Test("The phase tells idle from head from body")
    func phase() throws {
        var parser = HTTPRequestParser()
        func feed(_ text: String) throws -> HTTPRequestParser.Phase {
            text.withRawSpan { parser.append($0) }
            _ = try parser.next()
            return parser.phase
        }
        #expect(parser.phase == .idle)
        #expect(try feed("G") == .head)
        #expect(try feed("ET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n") == .head)
        #expect(try feed("\r\na") == .body)
        #expect(try feed("b") == .idle)
    }

    @Test("The bytes behind a request are left for the protocol that takes over")
    func remainder() throws {
        var parser = HTTPRequestParser()
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nframes".withRawSpan { parser.append($0) }
        _ = try parser.next()
        #expect(parser.takeRemainder() == Array("frames".utf8))
    }
}
