import Bytes
import WebProtocol

/// Why a request for a run cannot be carried out; a sentence for whoever sent it.
package struct RunRequestProblem: Error, Equatable, CustomStringConvertible {
    package let description: String
}

/// What a request for a run says, in its query or as a JSON object in its body: `wait` and `dry_run`.
///
/// What is not understood is refused, never left out: a dry run that was spelt wrong would trade.
package struct RunRequest: Equatable, Sendable {
    package private(set) var isDry = false
    package private(set) var waits = false

    /// More than any request needs.
    private static let bodyLimit = 4_096

    package init(query: [UInt8], body: [UInt8]) throws(RunRequestProblem) {
        let fields: [(String, Bool?)]
        do throws(HTTPError) {
            fields = try FormFields(query).fields.map { ($0.name, RunRequest.flag($0.value)) }
        } catch {
            throw RunRequestProblem(description: "the query cannot be read")
        }
        var seen: Set<String> = []
        for (name, flag) in fields + (try RunRequest.members(body)) {
            guard let flag, ["wait", "dry_run"].contains(name) else {
                throw RunRequestProblem(
                    description: "not known: \(name); known: wait and dry_run, 0 or 1 in the query, "
                        + "false or true in a JSON body")
            }
            guard seen.insert(name).inserted else {
                throw RunRequestProblem(description: "given twice: \(name)")
            }
            if name == "wait" { waits = flag } else { isDry = flag }
        }
    }

    private static func members(_ body: [UInt8]) throws(RunRequestProblem) -> [(String, Bool?)] {
        if body.isEmpty { return [] }
        guard body.count <= bodyLimit, let value = try? JSONValue.parse(body),
            let members = value.members
        else {
            throw RunRequestProblem(
                description: "the body is no JSON object, as in {\"wait\":true,\"dry_run\":false}")
        }
        return members.map { member in
            switch member.value {
            case .boolean(let flag): (member.key, flag)
            case .number(let text), .string(let text): (member.key, flag(text))
            case .null, .array, .object: (member.key, nil)
            }
        }
    }

    private static func flag(_ text: String) -> Bool? {
        switch text {
        case "0": false
        case "1": true
        case _: nil
        }
    }
}
