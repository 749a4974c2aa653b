package import BusProtocol
package import Chronology
import Positions
import Trading

/// The part of Redis that the services use, in memory: hashes, sets, sorted sets, streams, strings
/// and channels, with the project's scripts in Swift. The contract tests run it beside a real Redis.
package final class SimulatedRedis {
    package struct StreamEntry: Equatable {
        package let sequence: Int64
        package let fields: [(String, String)]
        package static func == (a: StreamEntry, b: StreamEntry) -> Bool {
            a.sequence == b.sequence && a.fields.elementsEqual(b.fields, by: ==)
        }
    }

    package var hashes: [String: [String: String]] = [:]
    package var sets: [String: Set<String>] = [:]
    package var scores: [String: [String: Int64]] = [:]
    package var streams: [String: [StreamEntry]] = [:]
    package var strings: [String: String] = [:]
    /// When a lock ends, where it is held.
    package var expiries: [String: Instant] = [:]
    /// Takes what the scripts publish: channel and message.
    package var onPublish: (String, String) -> Void = { _, _ in }

    package init() {}

    /// Which script a call is of.
    package enum Script { case ledger, shared, intent, update, account, state, tier, algo }

    /// Runs a script; the answer is that of the real one.
    package func run(_ script: Script, _ call: ScriptCall) -> [String?] {
        var arguments = ArgumentReader(call.arguments)
        switch script {
        case .ledger: return ledger(call.keys, &arguments)
        case .shared: return shared(call.keys, &arguments)
        case .intent: return order(call.keys, &arguments, isIntent: true)
        case .update: return order(call.keys, &arguments, isIntent: false)
        case .account: return account(call.keys, &arguments)
        case .state: return state(call.keys, &arguments)
        case .tier: return tier(call.keys, &arguments)
        case .algo: return algo(call.keys, &arguments)
        }
    }

    // MARK: what the scripts share

    private struct ArgumentReader {
        private let list: [String]
        private var at = 0
        init(_ list: [String]) { self.list = list }
        mutating func text() -> String {
            at += 1
            return list[at - 1]
        }
        mutating func flag() -> Bool { text() == "1" }
        mutating func integer() -> Int64 { Int64(text()) ?? 0 }
        mutating func fields() -> [(String, String)] {
            let count = Int(integer()) / 2
            return (0..<count).map { _ in (text(), text()) }
        }
    }

    private func fenced(_ key: String, _ fence: Int64) -> [String?]? {
        guard let newest = strings[key], (Int64(newest) ?? 0) > fence else { return nil }
        return ["FENCED", newest]
    }

    private func journal(
        _ stream: String, _ counter: String, _ fields: [(String, String)], _ tail: String
    ) -> String {
        let sequence = (strings[counter].flatMap { Int64($0) } ?? 0) + 1
        strings[counter] = "\(sequence)"
        streams[stream, default: []].append(
            StreamEntry(sequence: sequence, fields: [("seq", "\(sequence)")] + fields))
        onPublish(stream, "{\"seq\":\"\(sequence)\"," + tail)
        return "\(sequence)"
    }

    private func set(_ key: String, _ fields: [(String, String)]) {
        for (name, value) in fields { hashes[key, default: [:]][name] = value }
    }

    // MARK: the scripts

    private func ledger(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        let fence = arguments.integer()
        let identity = arguments.text()
        let at = arguments.integer()
        let before = arguments.integer()
        _ = arguments.integer()
        _ = arguments.integer()
        let hasPosition = arguments.flag()
        let positionVersion = arguments.text()
        let balanceVersion = arguments.text()
        let book = arguments.text()
        let isOpen = arguments.flag()
        let hasOrder = arguments.flag()
        let executed = arguments.text()
        let position = arguments.fields()
        let balance = arguments.fields()
        let order = arguments.fields()
        if let answer = fenced(keys[6], fence) { return answer }
        let standing = { (kind: String) -> [String?] in
            var reply: [String?] = [kind]
            let add = { (key: String?, names: [String]) in
                for name in names { reply.append(key.flatMap { self.hashes[$0]?[name] } ?? "") }
            }
            add(hasPosition ? keys[0] : nil, ["qty", "entry", "realised", "fees", "version"])
            add(keys[1], ["deposits", "realised", "fees", "funding", "version"])
            add(
                hasOrder ? keys[7] : nil,
                [
                    "executed", "executed_notional", "fees", "fee_asset", "trade_ids",
                    "booked_at_mark", "booked_at_mark_for", "other_fees",
                ])
            return reply
        }
        if scores[keys[2]]?[identity] != nil { return standing("DUPLICATE") }
        let struck = LedgerScript.struckOut + identity
        if scores[keys[2]]?[struck] != nil { return standing("CONFLICT") }
        if hasPosition, positionVersion == "\(LedgerCommand.question)" {
            scores[keys[2], default: [:]][struck] = at
            return standing("CONFLICT")
        }
        if hasPosition, (hashes[keys[0]]?["version"] ?? "0") != positionVersion {
            return standing("CONFLICT")
        }
        if (hashes[keys[1]]?["version"] ?? "0") != balanceVersion { return standing("CONFLICT") }
        let booked = hasOrder ? hashes[keys[7]]?["executed"] : nil
        if let booked, booked != executed { return standing("CONFLICT") }
        var sequence = ""
        for _ in 0..<arguments.integer() {
            let tail = arguments.text()
            sequence = journal(keys[3], keys[4], arguments.fields(), tail)
        }
        if hasPosition {
            set(keys[0], [("seq", sequence)] + position)
            if isOpen {
                sets[keys[5], default: []].insert(book)
            } else {
                sets[keys[5]]?.remove(book)
            }
        }
        set(keys[1], [("seq", sequence)] + balance)
        if hasOrder { set(keys[7], order) }
        scores[keys[2], default: [:]][identity] = at
        scores[keys[2]] = scores[keys[2]]?.filter { $0.value >= before }
        return ["APPLIED", sequence]
    }

    private func shared(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        struct Part {
            var position = "", balance = "", positionVersion = "", balanceVersion = "", book = ""
            var hasPosition = false
            var isOpen = false
            var positionFields: [(String, String)] = []
            var balanceFields: [(String, String)] = []
            var legs: [(tail: String, fields: [(String, String)])] = []
        }
        let fence = arguments.integer()
        let identity = arguments.text()
        let at = arguments.integer()
        let before = arguments.integer()
        _ = arguments.integer()
        let parts = (0..<Int(arguments.integer())).map { index in
            var part = Part()
            part.position = keys[5 + 2 * index]
            part.balance = keys[6 + 2 * index]
            part.hasPosition = arguments.flag()
            part.positionVersion = arguments.text()
            part.balanceVersion = arguments.text()
            part.book = arguments.text()
            part.isOpen = arguments.flag()
            part.positionFields = arguments.fields()
            part.balanceFields = arguments.fields()
            part.legs = (0..<Int(arguments.integer())).map { _ in
                (arguments.text(), arguments.fields())
            }
            return part
        }
        if let answer = fenced(keys[4], fence) { return answer }
        let standing = { (kind: String) -> [String?] in
            var reply: [String?] = [kind]
            for part in parts {
                for name in ["qty", "entry", "realised", "fees", "version"] {
                    let value = part.hasPosition ? self.hashes[part.position]?[name] : nil
                    reply.append(value ?? "")
                }
                for name in ["deposits", "realised", "fees", "funding", "version"] {
                    reply.append(self.hashes[part.balance]?[name] ?? "")
                }
            }
            return reply
        }
        if scores[keys[0]]?[identity] != nil { return standing("DUPLICATE") }
        let isCurrent = parts.allSatisfy {
            (!$0.hasPosition || (hashes[$0.position]?["version"] ?? "0") == $0.positionVersion)
                && (hashes[$0.balance]?["version"] ?? "0") == $0.balanceVersion
        }
        guard isCurrent else { return standing("CONFLICT") }
        var sequence = ""
        for part in parts {
            for leg in part.legs { sequence = journal(keys[1], keys[2], leg.fields, leg.tail) }
            set(part.balance, [("seq", sequence)] + part.balanceFields)
            if !part.hasPosition { continue }
            set(part.position, [("seq", sequence)] + part.positionFields)
            if part.isOpen {
                sets[keys[3], default: []].insert(part.book)
            } else {
                sets[keys[3]]?.remove(part.book)
            }
        }
        scores[keys[0], default: [:]][identity] = at
        scores[keys[0]] = scores[keys[0]]?.filter { $0.value >= before }
        return ["APPLIED", sequence]
    }

    private func order(
        _ keys: [String], _ arguments: inout ArgumentReader, isIntent: Bool
    ) -> [String?] {
        let fence = arguments.integer()
        let id = arguments.text()
        let isDone = arguments.flag()
        _ = arguments.integer()
        _ = arguments.integer()
        let revision = arguments.integer()
        let changing = arguments.fields()
        let booked = arguments.fields()
        let tail = arguments.text()
        if let answer = fenced(keys[4], fence) { return answer }
        if isIntent, let found = hashes[keys[0]] {
            return ["EXISTS"] + found.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        }
        if !isIntent, let kept = hashes[keys[0]], let known = kept["revision"],
            (Int64(known) ?? 0) > revision
        {
            return ["SAVED", kept["seq"] ?? "0"]
        }
        let sequence = journal(keys[1], keys[2], changing, tail)
        set(keys[0], [("seq", sequence)] + changing)
        for (name, value) in booked where isIntent || hashes[keys[0]]?[name] == nil {
            set(keys[0], [(name, value)])
        }
        if isDone {
            sets[keys[3]]?.remove(id)
        } else {
            sets[keys[3], default: []].insert(id)
        }
        return ["SAVED", sequence]
    }

    private func account(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        let fence = arguments.integer()
        let name = arguments.text()
        let code = arguments.text()
        let fields = arguments.fields()
        if let answer = fenced(keys[3], fence) { return answer }
        let owner = hashes[keys[2]]?[code]
        if hashes[keys[0]] != nil || (owner != nil && owner != name) { return ["EXISTS"] }
        set(keys[0], fields)
        sets[keys[1], default: []].insert(name)
        set(keys[2], [(code, name)])
        return ["SAVED"]
    }

    private func tier(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        let fence = arguments.integer()
        _ = arguments.integer()
        let decision = arguments.text()
        let sequence = arguments.integer()
        let fields = arguments.fields()
        if let answer = fenced(keys[3], fence) { return answer }
        if let kept = hashes[keys[0]], kept["fence"] == "\(fence)",
            (kept["seq"].flatMap { Int64($0) } ?? 0) > sequence
        {
            return ["SAVED"]
        }
        let isNew = hashes[keys[0]]?["decision"] != decision
        hashes[keys[0]] = nil
        set(keys[0], [("fence", "\(fence)")] + fields)
        for _ in 0..<arguments.integer() {
            let tail = arguments.text()
            let entry = arguments.fields()
            if isNew { _ = journal(keys[1], keys[2], entry, tail) }
        }
        return ["SAVED"]
    }

    private func algo(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        let fence = arguments.integer()
        let id = arguments.text()
        let revision = arguments.integer()
        let isOver = arguments.flag()
        _ = arguments.integer()
        let started = arguments.text()
        let fields = arguments.fields()
        if let answer = fenced(keys[2], fence) { return answer }
        if let kept = hashes[keys[0]] {
            if kept["started_ms"] != started { return ["EXISTS"] }
            if !isOver, ["done", "failed"].contains(kept["status"] ?? "") { return ["EXISTS"] }
            if (kept["revision"].flatMap { Int64($0) } ?? 0) > revision { return ["SAVED"] }
        }
        set(keys[0], fields)
        if isOver {
            sets[keys[1]]?.remove(id)
        } else {
            sets[keys[1], default: []].insert(id)
        }
        return ["SAVED"]
    }

    private func state(_ keys: [String], _ arguments: inout ArgumentReader) -> [String?] {
        let fence = arguments.integer()
        let channel = arguments.text()
        let message = arguments.text()
        let fields = arguments.fields()
        if let answer = fenced(keys[1], fence) { return answer }
        let kept = hashes[keys[0]] ?? [:]
        let (known, new) = (kept["seq"], fields.first { $0.0 == "seq" }?.1)
        if kept["fence"] == "\(fence)", let known = known.flatMap({ Int64($0) }),
            let new = new.flatMap({ Int64($0) }), known > new
        {
            return ["WRONG", "a newer state is on record"]
        }
        set(keys[0], [("fence", "\(fence)")] + fields)
        onPublish(channel, message)
        return ["SAVED"]
    }
}
