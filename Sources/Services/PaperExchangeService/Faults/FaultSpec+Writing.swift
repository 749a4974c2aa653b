package import Bytes
package import Chronology
internal import Trading

extension FaultPlan.Entry {
    /// Writes the fault as it is listed: what it is, whom it strikes, and how often it has.
    package func write(now: Instant, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("id", id)
        out.field("kind", spec.kind.rawValue)
        out.field("does", spec.kind.meaning)
        out.key("target")
        spec.target.write(&out)
        out.field("probability", units: spec.probability.units)
        if let count = spec.count { out.field("count", count) }
        if endsAt != .distantFuture {
            out.field("ends_in_ms", max(0, (endsAt - now).milliseconds))
        }
        out.field("active", !spec.action.isImmediate && !isOver(now))
        out.field("seen", seen)
        out.field("hits", spec.action.isImmediate ? 1 : hits)
        out.endObject()
    }
}

extension FaultTarget {
    package func write(_ out: inout JSONWriter) {
        out.beginObject()
        if let exchange { out.field("exchange", exchange) }
        if let method { out.field("method", method) }
        if let path { out.field("path", path.text) }
        if let symbol { out.field("symbol", symbol) }
        if let stream { out.field("stream", stream.text) }
        if key != nil { out.field("key", "***") }
        if let clientIDPrefix { out.field("client_id_prefix", clientIDPrefix) }
        out.endObject()
    }
}
