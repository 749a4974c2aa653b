package import Bytes

/// What is wrong with a request for faults: where, what, and what to do.
package struct FaultProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let place: String
    package let what: String
    package let remedy: String

    package init(_ place: String, _ what: String, _ remedy: String) {
        self.place = place
        self.what = what
        self.remedy = remedy
    }

    package var description: String { "\(place): \(what); \(remedy)" }

    /// Writes all of them as `{"errors":[{"where","what","do"}]}`.
    package static func write(_ problems: [FaultProblem], _ out: inout JSONWriter) {
        out.beginObject()
        out.key("errors")
        out.beginArray()
        for problem in problems {
            out.beginObject()
            out.field("where", problem.place)
            out.field("what", problem.what)
            out.field("do", problem.remedy)
            out.endObject()
        }
        out.endArray()
        out.endObject()
    }
}
