import Bytes
import Chronology
import ExchangeDoor
import FuturesExchange
import Glibc
import PaperExchangeService
import RawPeers
import Reactor
import Testing
import Trading
import WebServer

let btc = Symbol("BTCUSDT")!
func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }

/// An exchange on a free loopback port, without a background market.
@LoopActor final class RunningExchange {
    let desk: FuturesDesk
    let server: PaperServer
    let port: UInt16

    init(
        directory: String? = nil, limits: WebServerLimits = .standard,
        rules: SocketRules = .futures
    ) throws {
        var settings = FuturesSettings()
        settings.socketRules = rules
        settings.hasBackground = false
        settings.keys = [ExchangeKey(key: "trade-key", secret: "trade-secret", role: .trade)]
        let desk = FuturesDesk(settings)
        let venue = FuturesVenue(desk)
        let journal = try directory.map { try JournalFile(directory: $0, name: venue.name) }
        if let journal { _ = try journal.restore(venue) }
        let houses = [House(venue, journal: journal)]
        self.desk = desk
        server = PaperServer(loop: .process, houses: houses, limits: limits) { error in
            Issue.record("the journal failed: \(error)")
        }
        port = try server.start(address: "127.0.0.1", port: 0)
    }

    func offer(_ side: Side, _ amount: String, at level: String) throws {
        try desk.trade(
            asMarketIn: btc, side, quantity(amount), at: price(level),
            wall: WallTime(milliseconds: 0))
    }

    nonisolated static func open(
        _ directory: String? = nil, limits: WebServerLimits = .standard,
        rules: SocketRules = .futures
    ) async throws -> RunningExchange {
        try await EventLoop.onLoop {
            try RunningExchange(directory: directory, limits: limits, rules: rules)
        }
    }

    func stop() { server.stop() }
}

/// Sends one request and returns the status line and the body.
func ask(
    _ port: UInt16, _ method: String, _ target: String
) -> (status: String, body: String) {
    let peer = RawPeer(port: port)
    peer.send(
        "\(method) \(target) HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: trade-key\r\n"
            + "Connection: close\r\n\r\n")
    let reply = peer.readToEnd()
    let parts = reply.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
    let status = parts.first?.split(separator: "\r\n").first.map(String.init) ?? ""
    return (status, parts.count > 1 ? parts[1] : "")
}

func signed(_ port: UInt16, _ method: String, _ path: String, _ query: String) -> (
    status: String, body: String
) {
    ask(port, method, "\(path)?\(signature(query))")
}

/// The query with time and signature.
func signature(_ query: String) -> String {
    let full = query + "&timestamp=\(SystemTime().wallNow.milliseconds)"
    let signature = HMACSHA256(key: Array("trade-secret".utf8)).hexSignature(query: full)
    return "\(full)&signature=\(signature)"
}

func stream(_ port: UInt16, _ target: String) -> RawPeer {
    let peer = RawPeer(port: port)
    peer.send(
        "GET \(target) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    return peer
}

/// Makes a directory for the body and removes it.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/paper-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
        unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
    }
    let directory = try #require(made)
    defer {
        for name in names(in: directory) { unsafe remove("\(directory)/\(name)") }
        unsafe remove(directory)
    }
    try await body(directory)
}

/// The files of a directory.
private func names(in directory: String) -> [String] {
    guard let handle = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

func readWhole(_ path: String) throws -> [UInt8] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { throw POSIXError(rawValue: errno) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    return Array(bytes.prefix(max(0, count)))
}

struct POSIXError: Error { let rawValue: Int32 }
