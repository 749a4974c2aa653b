package import Positions
import Trading

/// A change of several books, all of them in one atomic step: everything is checked, then all is
/// written. Trades of nobody's order, funding, transfers, corrections.
///
/// KEYS: 1 trades, 2 ledger stream and channel, 3 its counter, 4 books, 5 fence, then position and
/// balance of each book (the balance twice where the change has no symbol). Replies: `APPLIED seq`,
/// `DUPLICATE` or `CONFLICT` with how each book stands, `FENCED number`, `WRONG what`.
package enum SharedTradeScript {
    package static let source =
        ScriptPrelude.text + """
            local fence, identity, at_ms, before = take(), take(), take(), take()
            local maximum, count = take(), tonumber(take())
            local wrong = check(KEYS[1], 'zset') or check(KEYS[2], 'stream')
                or check(KEYS[3], 'string') or check(KEYS[4], 'set') or check(KEYS[5], 'string')
            local parts = {}
            for i = 1, count do
                local part = {position = KEYS[4 + 2 * i], balance = KEYS[5 + 2 * i]}
                part.has_position = take() == '1'
                part.position_version, part.balance_version = take(), take()
                part.book, part.is_open = take(), take()
                part.position_fields, part.balance_fields, part.legs = list(), list(), {}
                for leg = 1, tonumber(take()) do
                    local tail = take()
                    part.legs[leg] = {tail = tail, fields = list()}
                end
                parts[i] = part
                wrong = wrong or check(part.balance, 'hash')
                if part.has_position then wrong = wrong or check(part.position, 'hash') end
            end
            wrong = wrong or fenced(KEYS[5], fence) or behind(KEYS[3], KEYS[2])
            if wrong then return wrong end

            local function standing(kind)
                local reply = {kind}
                local function add(key, names)
                    local values = redis.call('HMGET', key, unpack(names))
                    for i = 1, #names do reply[#reply + 1] = values[i] or '' end
                end
                for _, part in ipairs(parts) do
                    if part.has_position then
                        add(part.position, {'qty', 'entry', 'realised', 'fees', 'version'})
                    else
                        for i = 1, 5 do reply[#reply + 1] = '' end
                    end
                    add(part.balance, {'deposits', 'realised', 'fees', 'funding', 'version'})
                end
                return reply
            end
            if remembered(KEYS[1], identity) then return standing('DUPLICATE') end
            for _, part in ipairs(parts) do
                local balance = redis.call('HGET', part.balance, 'version') or '0'
                if balance ~= part.balance_version then return standing('CONFLICT') end
                local position = part.has_position
                    and (redis.call('HGET', part.position, 'version') or '0')
                if position and position ~= part.position_version then
                    return standing('CONFLICT')
                end
            end

            local seq
            for _, part in ipairs(parts) do
                for _, leg in ipairs(part.legs) do
                    seq = journal(KEYS[2], KEYS[3], maximum, leg.fields, leg.tail)
                end
                if part.has_position then
                    redis.call('HSET', part.position, 'seq', seq, unpack(part.position_fields))
                    redis.call(part.is_open == '1' and 'SADD' or 'SREM', KEYS[4], part.book)
                end
                redis.call('HSET', part.balance, 'seq', seq, unpack(part.balance_fields))
            end
            redis.call('ZADD', KEYS[1], at_ms, identity)
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. before)
            return {'APPLIED', seq}
            """

    /// The call that carries a command out.
    /// - Parameter writer: `service:instance`; `nowMilliseconds` stamps the records.
    package static func call(
        _ command: SharedCommand, keys: BusKeys, fenceName: String, fence: Int64, writer: String,
        nowMilliseconds: Int64
    ) -> ScriptCall {
        let symbol = command.subject.symbol
        var names = [
            symbol.map { keys.trades($0) } ?? LedgerScript.transfersKey(keys),
            keys.ledger, keys.ledgerSequence, keys.books,
            keys.fence(fenceName),
        ]
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(command.subject.identity)
        arguments.add(nowMilliseconds)
        arguments.add(nowMilliseconds - LedgerScript.memory)
        arguments.add(LedgerScript.journalLength)
        arguments.add(Int64(command.parts.count))
        let stamp = [("writer", writer), ("at_ms", "\(nowMilliseconds)")]
        for part in command.parts {
            let account = part.change.account
            let balance = keys.balance(account)
            names += [symbol.map { keys.position(account, $0) } ?? balance, balance]
            arguments.add(symbol != nil)
            arguments.add(part.positionBefore)
            arguments.add(part.balanceBefore)
            arguments.add(symbol.map { BusKeys.book(account, $0) } ?? "")
            arguments.add(part.position?.quantity.isZero == false)
            arguments.add(part.position.map { LedgerScript.fields(of: $0) + stamp } ?? [])
            arguments.add(LedgerScript.fields(of: part.balance) + stamp)
            arguments.add(Int64(part.legs.count))
            for leg in part.legs {
                let entry = LedgerScript.entry(leg, part, writer: writer).unnumberedFields
                arguments.add(LedgerScript.tail(entry))
                arguments.add(entry)
            }
        }
        return ScriptCall(keys: names, arguments: arguments.list)
    }

    /// Reads the script's answer, given as the texts of its array.
    package static func reply(_ texts: [String?]) throws(ScriptReplyError) -> SharedReply {
        let texts = texts.map { $0 ?? "" }
        switch texts.first {
        case "APPLIED":
            guard texts.count == 2, let sequence = Int64(texts[1]) else { throw unreadable(texts) }
            return .applied(sequence: sequence)
        case "DUPLICATE": return .duplicate(try snapshots(texts))
        case "CONFLICT": return .conflict(try snapshots(texts))
        case "FENCED": return .fenced
        case "WRONG": return .wrong(texts.dropFirst().joined(separator: " "))
        case _: throw unreadable(texts)
        }
    }

    private static func snapshots(_ texts: [String]) throws(ScriptReplyError) -> [LedgerSnapshot] {
        guard texts.count % 10 == 1 else { throw unreadable(texts) }
        var snapshots: [LedgerSnapshot] = []
        for start in stride(from: 1, to: texts.count, by: 10) {
            // As the ledger script answers, without an order.
            let one = [texts[0]] + texts[start..<(start + 10)] + Array(repeating: "", count: 8)
            snapshots.append(try LedgerScript.snapshot(one))
        }
        return snapshots
    }

    private static func unreadable(_ texts: [String]) -> ScriptReplyError {
        ScriptReplyError(
            description: "shared trade script: unreadable answer: \(texts.joined(separator: " "))")
    }
}
