import Bytes

/// What can be asked over the bus: of order-gateway; transfers and `reconcile` of position-sync; the
/// last of allocator.
package enum CommandKind: String, CaseIterable, Sendable {
    case orderPlace = "order.place"
    case orderAmend = "order.amend"
    case orderCancel = "order.cancel"
    case accountCreate = "account.create"
    case accountDeposit = "account.deposit"
    case stateSet = "state.set"
    case accountTransfer = "account.transfer"
    case reconcile
    case algoStart = "algo.start"
    case algoStop = "algo.stop"
    case algoPause = "algo.pause"
    case algoResume = "algo.resume"
    case allocationRun = "allocation.run"
}

/// A request to a service: its id makes a repeat harmless, past its deadline it is refused.
package struct Command: Equatable, Sendable {
    /// 1 to 64 of `A-Z a-z 0-9 - _ . :`; the same id is the same request for good.
    package var id: String
    /// Where the reply goes: the channel `reply:<from>`.
    package var from: String
    package var deadlineMilliseconds: Int64
    /// A `CommandKind`, or a kind that this build does not know.
    package var kind: String
    /// Flat: every value a string.
    package var body: [String: String]

    package init(
        id: String, from: String, deadlineMilliseconds: Int64, kind: String, body: [String: String]
    ) {
        self.id = id
        self.from = from
        self.deadlineMilliseconds = deadlineMilliseconds
        self.kind = kind
        self.body = body
    }

    /// Whether a text may be a request id or the name of a sender.
    package static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."), UInt8(ascii: ":"):
                    true
                case _: false
                }
            }
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.field("id", id)
        writer.field("from", from)
        writer.field("deadline_ms", "\(deadlineMilliseconds)")
        writer.field("kind", kind)
        writer.key("body" as StaticString)
        FlatJSON.write(body.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a command; the error names what is wrong, so that a sender can be told.
    package static func decode(_ bytes: RawSpan) throws(RecordError) -> Command {
        let (fields, body) = try Envelope.decode(bytes, record: "command")
        let command = Command(
            id: try fields.text("id"), from: try fields.text("from"),
            deadlineMilliseconds: try fields.integer("deadline_ms"),
            kind: try fields.text("kind"), body: body)
        guard isIdentifier(command.id) else { throw fields.error("id", "not an identifier") }
        guard isIdentifier(command.from) else { throw fields.error("from", "not an identifier") }
        return command
    }
}

/// The answer to a command.
package struct Reply: Equatable, Sendable {
    package var id: String
    package var isOK: Bool
    /// `ok`, or a stable refusal code.
    package var code: String
    /// A sentence for a person; empty where all is well.
    package var reason: String
    package var body: [String: String]

    package init(id: String, isOK: Bool, code: String, reason: String, body: [String: String]) {
        self.id = id
        self.isOK = isOK
        self.code = code
        self.reason = reason
        self.body = body
    }

    package static func ok(_ id: String, _ body: [String: String] = [:]) -> Reply {
        Reply(id: id, isOK: true, code: "ok", reason: "", body: body)
    }
    package static func refused(_ id: String, _ code: String, _ reason: String) -> Reply {
        Reply(id: id, isOK: false, code: code, reason: reason, body: [:])
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.field("id", id)
        writer.field("ok", isOK)
        writer.field("code", code)
        writer.field("reason", reason)
        writer.key("body" as StaticString)
        FlatJSON.write(body.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    package static func decode(_ bytes: RawSpan) throws(RecordError) -> Reply {
        let (fields, body) = try Envelope.decode(bytes, record: "reply")
        return Reply(
            id: try fields.text("id"), isOK: try fields.flag("ok"), code: try fields.text("code"),
            reason: try fields.text("reason"), body: body)
    }
}

/// The common reading of commands and replies: flat fields and one flat object `body`.
private enum Envelope {
    static func decode(
        _ bytes: RawSpan, record: String
    ) throws(RecordError) -> (RecordFields, [String: String]) {
        do throws(JSONError) {
            var fields = try FlatJSON.decode(bytes)
            var body: [String: String] = [:]
            if let nested = fields.removeValue(forKey: "body") {
                body = try FlatJSON.decode(Array(nested.utf8).rawSpan)
            }
            return (RecordFields(record, fields), body)
        } catch {
            throw RecordError(record: record, field: "-", problem: error.description)
        }
    }
}
