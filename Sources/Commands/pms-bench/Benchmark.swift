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

    /// Keeps a result, so that the work for it is not optimised away.
    @inline(never)
    static func sink<Value>(_ value: Value) { _ = value }
}
