import CFloor
import Chronology

/// One measured figure; `floor` is what plain C took for the same work in the same run.
struct Figure {
    let name: String
    let value: Double
    let unit: String
    let floor: Double?

    init(_ name: String, _ value: Double, _ unit: String, floor: Double? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.floor = floor
    }

    var ratio: Double? { floor.map { value / $0 } }
}

/// A named group of figures that are measured together.
struct Benchmark: Sendable {
    let name: String
    /// One that takes minutes runs only where it is named.
    var isOnlyByName = false
    let run: @Sendable () throws -> [Figure]
}

/// Timing of short loops on a machine that others use too.
enum Measure {
    /// Nanoseconds for one of the `count` operations of `body`: the least of `rounds` runs, since
    /// whatever disturbs a run only makes it longer.
    static func nanoseconds(
        perOperationOf count: Int, rounds: Int = 60, _ body: () -> UInt64
    ) -> Double {
        let clock = SystemTime()
        var least = Double.infinity
        for _ in 0..<rounds {
            let start = clock.now
            sink(body())
            let length = Double((clock.now - start).nanoseconds) / Double(count)
            least = min(least, length)
        }
        return least
    }

    /// Asks over a kept connection: nanoseconds from the first byte sent to the last byte read, and
    /// what came; nothing where no answer did.
    static func ask(_ socket: Int32, _ request: [UInt8]) -> (time: Int64, reply: String) {
        var reply = [CChar](repeating: 0, count: 16_384)
        let clock = SystemTime()
        let start = clock.now
        let held = unsafe request.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe floor_ask(socket, $0.baseAddress!, $0.count, &reply, reply.count)
            }
        }
        let time = (clock.now - start).nanoseconds
        let text = reply.prefix(max(0, Int(held))).map { UInt8(bitPattern: $0) }
        return (time, String(decoding: text, as: UTF8.self))
    }

    /// Keeps a result, so that the work for it is not optimised away.
    @inline(never)
    static func sink<Value>(_ value: Value) { _ = value }
}
