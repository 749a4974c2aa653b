import Bytes

/// What a run did and what its audit found.
package struct ChaosReport: Sendable {
    package var seed: UInt64
    /// How long orders flowed.
    package var seconds: Int64 = 0
    /// Faults by kind, in the order of `ChaosFault`.
    package var faults: [(ChaosFault, Int)] = []
    /// Orders asked for, by the code of their answer (`ok`, a refusal, `timeout`), ascending.
    package var answers: [(String, Int)] = []
    package var orders = 0
    package var repeats = 0
    /// Algorithms that were started.
    package var algos = 0
    package var trades = 0
    /// Orders that asked for new risk while risk-engine was away, and were refused for it.
    package var refusedForRisk = 0
    /// Slowest return to ready after a fault, by process.
    package var slowestReturns: [(String, milliseconds: Int64)] = []
    package var violations: [String] = []

    package init(seed: UInt64) { self.seed = seed }

    package var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("seed", "\(seed)")
        writer.field("seconds", seconds)
        writer.key("faults" as StaticString)
        writer.beginObject()
        for (fault, count) in faults {
            writer.key(fault.rawValue)
            writer.value(Int64(count))
        }
        writer.endObject()
        writer.field("orders", Int64(orders))
        writer.field("repeats", Int64(repeats))
        writer.field("algos", Int64(algos))
        writer.key("answers" as StaticString)
        writer.beginObject()
        for (code, count) in answers {
            writer.key(code)
            writer.value(Int64(count))
        }
        writer.endObject()
        writer.field("trades", Int64(trades))
        writer.field("refused_for_risk", Int64(refusedForRisk))
        writer.key("slowest_return_ms" as StaticString)
        writer.beginObject()
        for (process, milliseconds) in slowestReturns {
            writer.key(process)
            writer.value(milliseconds)
        }
        writer.endObject()
        writer.key("violations" as StaticString)
        writer.beginArray()
        for violation in violations { writer.value(violation) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }

    package var text: String {
        var lines = ["seed \(seed), \(seconds) s of orders"]
        lines += faults.map { "fault   \($0.0.rawValue): \($0.1)" }
        lines.append("orders  \(orders) asked for, \(repeats) of them again under the same id")
        lines.append("algos   \(algos) started")
        lines += answers.map { "answer  \($0.0): \($0.1)" }
        lines.append("trades  \(trades) at the exchange")
        if refusedForRisk > 0 { lines.append("away    \(refusedForRisk) orders refused for risk") }
        lines += slowestReturns.map { "return  \($0.0): slowest \($0.milliseconds) ms" }
        lines.append("violations \(violations.count)")
        lines += violations.map { "  " + $0 }
        return lines.joined(separator: "\n")
    }
}
