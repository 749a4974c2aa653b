import Bytes
import Chronology
import RawPeers
import Reactor
import Testing
import WebProtocol
import WebServer

extension ServerUnderTest {
    /// Sends one text to all sockets as a shared frame.
    func share(_ text: String) {
        let frame = SharedFrame(Array(text.utf8), isText: true)
        for socket in sockets.sockets { _ = socket.send(frame) }
    }

    /// Sends a text of its own, one that is shared, and another of its own to the first socket.
    func sendInTurn() {
        let socket = sockets.sockets[0]
        _ = socket.send(text: "own 1")
        _ = socket.send(SharedFrame(Array("shared".utf8), isText: true))
        _ = socket.send(text: "own 2")
        _ = socket.send(SharedFrame([1, 2], isText: false))
    }
}

@Suite("Frames for many sockets") struct SharedFrameTests {
    private static func open(_ port: UInt16, receiveBuffer: Int32? = nil) -> RawPeer {
        let peer = RawPeer(port: port, receiveBuffer: receiveBuffer)
        peer.send(upgrade)
        _ = peer.read(until: "\r\n\r\n")
        return peer
    }

    @Test("They keep their place among a socket's own messages")
    func order() async throws {
        try await withServer { subject, port in
            let peer = Self.open(port)
            #expect(await eventually { subject.sockets.sockets.count == 1 })
            await EventLoop.onLoop { subject.sendInTurn() }
            var wanted: [UInt8] = []
            for text in ["own 1", "shared", "own 2"] {
                wanted += [0x81, UInt8(text.utf8.count)] + Array(text.utf8)
            }
            wanted += [0x82, 2, 1, 2]
            #expect(peer.read(count: wanted.count) == wanted)
        }
    }

    @Test("P8: one who does not read is cut, and the others miss nothing")
    func slowReader() async throws {
        var limits = WebServerLimits.standard
        limits.outgoingBytes = 200_000
        limits.stallTime = .milliseconds(80)
        try await withServer(limits) { subject, port in
            let slow = Self.open(port, receiveBuffer: 4_096)
            let peer = Self.open(port)
            #expect(await eventually { subject.sockets.sockets.count == 2 })
            let text = String(repeating: "x", count: 50_000)
            let frame = [0x81, 126, 0xC3, 0x50] + Array(text.utf8)
            for round in 0..<200 {
                await EventLoop.onLoop { subject.share(text) }
                #expect(peer.read(count: frame.count) == frame, "round \(round)")
            }
            #expect(
                await eventually { subject.sockets.reasons == [.timedOut("peer does not read")] })
            await EventLoop.onLoop { subject.share("still here") }
            #expect(peer.read(count: 12).count == 12)
            slow.close()
        }
    }
}
