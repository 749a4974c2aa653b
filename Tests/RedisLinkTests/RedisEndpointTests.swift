import Bytes
import RedisLink
import Testing

@Suite("Redis URLs")
struct RedisEndpointTests {
    @Test(
        "Good URLs are read, and shown without the password",
        arguments: [
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://u:p%40ss@h:1/15", "redis://u:***@h:1/15"),
            ("redis://:p@h", "redis://:***@h:6379/0"),
            ("redis://[::1]:7000/2", "redis://[::1]:7000/2"),
            ("unix:///run/redis.sock", "unix:///run/redis.sock"),
            ("unix://:p@/run/a@b.sock?db=3", "unix://:***@/run/a@b.sock?db=3"),
        ])
    func good(url: String, shown: String) throws {
        #expect(try RedisEndpoint(url: url).description == shown)
    }

    @Test(
        "Bad URLs are refused without showing the password",
        arguments: [
            "", "http://x", "redis://", "redis://:secret@", "redis://h:0", "redis://h:65536",
            "redis://h:x", "redis://h/-1", "redis://h/x", "redis://user@h", "redis://:secret%zz@h",
            "redis://[::1", "redis://[::1]x", "unix://relative", "unix:///s?x=1",
            "redis://h/1/2", "redis://:@h", "unix:///" + String(repeating: "x", count: 200),
        ])
    func bad(url: String) {
        do throws(RedisLinkError) {
            let endpoint = try RedisEndpoint(url: url)
            Issue.record("accepted as \(endpoint)")
        } catch {
            #expect(error.code == .endpoint)
            #expect(!error.message.contains("secret"))
        }
    }

    @Test(
        "RESP arguments of every length are framed exactly",
        arguments: [0, 1, 9, 10, 99, 100, 1_000])
    func framing(length: Int) {
        var plain = ByteWriter()
        var filled = ByteWriter()
        let text = String(repeating: "q", count: length)
        RESPWriter.argument(text: text, into: &plain)
        RESPWriter.argument(into: &filled) { $0.append(text) }
        #expect(String(plain.rawSpan) == "$\(length)\r\n\(text)\r\n")
        #expect(String(filled.rawSpan) == String(plain.rawSpan))
        var number = ByteWriter()
        RESPWriter.argument(integer: -Int64(length), into: &number)
        #expect(String(number.rawSpan) == "$\("\(-length)".count)\r\n\(-length)\r\n")
    }
}
