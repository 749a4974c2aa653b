import Bytes
import CFloor
import Chronology
import Glibc
import WebProtocol

/// A WebSocket server for one client: it sends bookTickers as fast as they are taken, or 5,000 a
/// second that carry the time they were sent at.
final class FeedSender {
    private let plan: FeedPlan
    private let isPaced: Bool
    private var batch: [UInt8]
    /// Where the update id of each frame begins.
    private var places: [Int] = []
    private let frames: Int

    init(_ plan: FeedPlan, isPaced: Bool) {
        self.plan = plan
        self.isPaced = isPaced
        frames = isPaced ? 1 : min(plan.frames, 4_000)
        let source = FeedFrames(
            .bookTicker, count: frames, seed: 7, symbols: plan.names, isRepeatable: true)
        batch = source.webSocketFrames()
        let mark = Array("\"u\":".utf8)
        var index = 0
        while index + 4 < batch.count {
            if batch[index] == mark[0], Array(batch[index..<(index + 4)]) == mark {
                places.append(index + 4)
            }
            index += 1
        }
    }

    /// Listens on a port of this machine, and says which on standard output.
    static func listen() -> Int32? {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                unsafe bind(listener, plain, size) == 0 && Glibc.listen(listener, 16) == 0
                    && getsockname(listener, plain, &size) == 0
            }
        }
        guard isBound else { return nil }
        HopRole.say("\(UInt16(bigEndian: address.sin_port))\n")
        return listener
    }

    /// Waits for one who connects.
    static func accept(_ listener: Int32) -> Int32 {
        let peer = Glibc.accept(listener, nil, nil)
        var one: Int32 = 1
        unsafe setsockopt(
            peer, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return peer
    }

    func run() -> Int32 {
        guard let listener = FeedSender.listen() else { return 1 }
        let peer = FeedSender.accept(listener)
        guard peer >= 0, FeedSender.greet(peer) else { return 1 }
        isPaced ? sendPaced(to: peer) : sendAll(to: peer)
        var rest = [UInt8](repeating: 0, count: 256)
        while unsafe read(peer, &rest, rest.count) > 0 {}
        return 0
    }

    /// Reads the request for a WebSocket and grants it.
    static func greet(_ peer: Int32) -> Bool {
        var request: [UInt8] = []
        var byte: UInt8 = 0
        while !request.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard unsafe read(peer, &byte, 1) == 1, request.count < 8_192 else { return false }
            request.append(byte)
        }
        let lines = String(decoding: request, as: UTF8.self).split(separator: "\r\n")
        let name = "sec-websocket-key:"
        guard let line = lines.first(where: { $0.lowercased().hasPrefix(name) }) else {
            return false
        }
        let key = String(line.dropFirst(name.count).drop { $0 == " " })
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(WebSocketHandshake.accept(forKey: key))\r\n\r\n"
        return send(Array(answer.utf8), to: peer)
    }

    private static func send(_ bytes: [UInt8], to peer: Int32) -> Bool {
        unsafe floor_sink_write(peer, bytes, bytes.count) == 1
    }

    /// The batch again and again; the leading digits of its ids count the rounds, so that they rise.
    private func sendAll(to peer: Int32) {
        var sent = 0
        var round = 512_310
        while sent < plan.frames {
            let digits = Array("\(round)".utf8)
            for place in places {
                for (offset, digit) in digits.enumerated() { batch[place + offset] = digit }
            }
            round += 1
            let count = min(frames, plan.frames - sent)
            // Only whole batches have whole frames at their end.
            guard count == frames, Self.send(batch, to: peer) else { return }
            sent += count
        }
    }

    private func sendPaced(to peer: Int32) {
        let clock = SystemTime()
        var due = clock.now
        for number in 0..<plan.frames {
            due = due + .nanoseconds(plan.interval)
            var time = timespec()
            time.tv_sec = Int(due.nanoseconds / 1_000_000_000)
            time.tv_nsec = Int(due.nanoseconds % 1_000_000_000)
            unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
            let text =
                "{\"e\":\"bookTicker\",\"u\":\(5_123_107_839_020 + number),\"s\":\"BTCUSDT\","
                + "\"b\":\"61800.20\",\"B\":\"2.507\",\"a\":\"61800.30\",\"A\":\"2.510\","
                + "\"T\":\(clock.now.nanoseconds),\"E\":1723161256314}"
            let body = Array(text.utf8)
            guard
                Self.send([0x81, 126, UInt8(body.count >> 8), UInt8(body.count & 255)] + body, to: peer)
            else { return }
        }
    }
}
