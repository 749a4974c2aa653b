import Bytes
import Testing
import WebProtocol

@Suite struct HTTPResponseWriterTests {
    private func text(_ write: (inout [UInt8]) -> Void) -> String {
        var out: [UInt8] = []
        write(&out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test("A response carries its length once, whatever headers were given")
    func fixed() {
        let body = Array("{}".utf8)
        let written = text {
            HTTPResponseWriter.append(
                status: 200, headers: ["A": "b\r\nEvil: 1", "content-length": "9"],
                body: body.rawSpan, keepsAlive: true, to: &$0)
        }
        #expect(
            written == "HTTP/1.1 200 OK\r\nA: b  Evil: 1\r\nContent-Length: 2\r\n"
                + "Connection: keep-alive\r\n\r\n{}")
    }

    @Test("The answer to HEAD keeps the length and sends no body; 204 has neither")
    func bodiless() {
        let body = Array("abc".utf8)
        let head = text {
            HTTPResponseWriter.append(
                status: 200, headers: [:], body: body.rawSpan, keepsAlive: false,
                answersHead: true, to: &$0)
        }
        #expect(head.hasSuffix("Content-Length: 3\r\nConnection: close\r\n\r\n"))
        let empty = text {
            HTTPResponseWriter.append(
                status: 204, headers: [:], body: body.rawSpan, keepsAlive: true, to: &$0)
        }
        #expect(empty == "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n")
    }

    @Test("Chunks have hex sizes, and no bytes make no chunk")
    func chunks() {
        let bytes = [UInt8](repeating: 0x61, count: 26)
        let empty: [UInt8] = []
        let written = text {
            HTTPResponseWriter.appendChunk(bytes.rawSpan, to: &$0)
            HTTPResponseWriter.appendChunk(empty.rawSpan, to: &$0)
            HTTPResponseWriter.appendLastChunk(to: &$0)
        }
        #expect(written == "1a\r\n\(String(repeating: "a", count: 26))\r\n0\r\n\r\n")
    }

    @Test("A server-sent event has one data line for each line")
    func event() {
        let data = Array("a\nb\r\nc\rd".utf8)
        let written = text {
            HTTPResponseWriter.appendEvent(
                name: "tick\n", identifier: "7", data: data.rawSpan, to: &$0)
        }
        #expect(written == "event: tick \nid: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n")
    }

    @Test("Form fields decode escapes and plus, and keep the raw bytes for signatures")
    func form() throws {
        let raw = Array("a=1+2%2B&b&&c%20d=%C3%A9&signature=ff&a=x".utf8)
        let fields = try FormFields(raw)
        #expect(fields["a"] == "1 2+")
        #expect(fields.values("a") == ["1 2+", "x"])
        #expect(fields["b"] == "")
        #expect(fields["c d"] == "é")
        #expect(fields["z"] == nil)
        #expect(
            fields.rawBytes(without: "signature") == Array("a=1+2%2B&b&c%20d=%C3%A9&a=x".utf8))
    }

    @Test(
        "I3: bad escapes, bytes that are not UTF-8 and too many fields are refused",
        arguments: [
            "a=%", "a=%4", "a=%zz", "a=%ff", "%C3=1", "a&b&c&d&e",
        ])
    func badForm(text: String) {
        #expect(throws: HTTPError.self) { try FormFields(Array(text.utf8), limit: 4) }
    }

    @Test("Percent-encoding leaves unreserved characters and decodes back")
    func percent() {
        #expect(PercentCoding.encoded("aZ09-._~ [é]") == "aZ09-._~%20%5B%C3%A9%5D")
        let bytes = Array(PercentCoding.encoded("a+b c%").utf8)
        #expect(PercentCoding.decoded(bytes[...], plusIsSpace: false) == "a+b c%")
    }
}
