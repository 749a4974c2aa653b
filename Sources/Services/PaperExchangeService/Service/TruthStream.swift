internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import WebServer

/// Tells the truth in pieces between other work, so that a long one holds nothing up.
///
/// `{"exchanges":[{"exchange","time","orders":[…],…,"until"}]}`: what happened between `time` and
/// `until` (epoch milliseconds) may be in some parts and not in others.
@LoopActor internal final class TruthStream {
    /// Elements a turn of the loop: about 0.2 ms.
    private static let piece = 200
    /// Bytes that may wait for the reader before the next piece is made.
    private static let backlog = 256 << 10
    private static let pause = Interval.milliseconds(2)

    private unowned let server: PaperServer
    private let houses: [House]
    private let parts: [TruthPart]
    private let stream: WebStream
    private var house = 0
    private var part = 0
    private var cursor: TruthCursor? = TruthCursor()
    private var timer: LoopTimer?
    private var out = JSONWriter(capacity: 64 << 10)

    init(_ server: PaperServer, _ houses: [House], _ parts: [TruthPart], _ stream: WebStream) {
        self.server = server
        self.houses = houses
        self.parts = parts
        self.stream = stream
    }

    func go() {
        timer = server.loop.timer { self.turn() }
        send("{\"exchanges\":[")
        turn()
    }

    /// The stream keeps itself by its timer until it has ended.
    private func turn() {
        guard stream.isOpen else { return end() }
        guard stream.queuedBytes < TruthStream.backlog else {
            timer?.arm(after: TruthStream.pause)
            return
        }
        guard house < houses.count else {
            send("]}\n")
            stream.finish()
            return end()
        }
        tell(houses[house])
        timer?.arm(at: server.loop.now)
    }

    private func tell(_ house: House) {
        if part == 0, cursor == TruthCursor() {
            let comma = self.house == 0 ? "" : ","
            let time = server.wallNow(house).milliseconds
            send("\(comma){\"exchange\":\"\(house.exchange.name)\",\"time\":\(time)")
        }
        guard part < parts.count else {
            send(",\"until\":\(server.wallNow(house).milliseconds)}")
            self.house += 1
            part = 0
            cursor = TruthCursor()
            return
        }
        let isFirst = cursor == TruthCursor()
        out.removeAll()
        out.beginArray()
        let next = house.exchange.writeTruth(
            parts[part], from: cursor ?? TruthCursor(), limit: TruthStream.piece, &out)
        out.endArray()
        // The brackets of the pieces are taken off, so that they make one array.
        let elements = String(decoding: out.bytes.dropFirst().dropLast(), as: UTF8.self)
        send(isFirst ? ",\"\(parts[part].rawValue)\":[" : elements.isEmpty ? "" : ",")
        send(elements)
        cursor = next
        if next == nil {
            send("]")
            part += 1
            cursor = part < parts.count ? TruthCursor() : nil
        }
    }

    private func send(_ text: String) {
        if !text.isEmpty, !text.withRawSpan({ stream.send($0) }) { end() }
    }

    private func end() { timer = nil }
}
