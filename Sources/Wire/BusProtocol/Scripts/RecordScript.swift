package import Trading

/// Guarded writes of the records that order-gateway keeps besides orders and the ledger.
package enum RecordScript {
    /// A new account. KEYS: 1 account, 2 accounts, 3 account codes, 4 fence.
    /// Replies `SAVED`, `EXISTS` (name or code is taken), `FENCED number` or `WRONG what`.
    package static let account =
        ScriptPrelude.text + """
            local fence, name, code, fields = take(), take(), take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'set') or check(KEYS[3], 'hash')
                or check(KEYS[4], 'string') or fenced(KEYS[4], fence)
            if wrong then return wrong end
            local owner = redis.call('HGET', KEYS[3], code)
            if redis.call('EXISTS', KEYS[1]) == 1 or (owner and owner ~= name) then return {'EXISTS'} end
            redis.call('HSET', KEYS[1], unpack(fields))
            redis.call('SADD', KEYS[2], name)
            redis.call('HSET', KEYS[3], code, name)
            return {'SAVED'}
            """

    /// A trading state. KEYS: 1 state, 2 fence; ARGV gives the channel to tell.
    /// Replies `SAVED`, `FENCED number` or `WRONG what`, which it does where the same leader has saved a
    /// newer one: this one comes late, from a connection that was given up.
    package static let state =
        ScriptPrelude.text + """
            local fence, channel, message, fields = take(), take(), take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'string') or fenced(KEYS[2], fence)
            if wrong then return wrong end
            local seq
            for i = 1, #fields, 2 do if fields[i] == 'seq' then seq = fields[i + 1] end end
            local kept = redis.call('HMGET', KEYS[1], 'fence', 'seq')
            if kept[1] == fence and tonumber(kept[2] or '0') > tonumber(seq) then
                return {'WRONG', 'a newer state is on record'}
            end
            redis.call('HSET', KEYS[1], 'fence', fence, unpack(fields))
            redis.call('PUBLISH', channel, message)
            return {'SAVED'}
            """

    package static func call(
        _ record: AccountRecord, keys: BusKeys, fenceName: String, fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(record.id.name)
        arguments.add(record.code.text)
        arguments.add(record.fields)
        return ScriptCall(
            keys: [
                keys.account(record.id), keys.accounts, keys.accountCodes, keys.fence(fenceName),
            ], arguments: arguments.list)
    }

    /// - Parameter account: nil for the venue as a whole.
    package static func call(
        _ record: StateRecord, account: AccountID?, keys: BusKeys, fenceName: String, fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(keys.stateChannel)
        let message = [("account", account?.name ?? "")] + record.fields
        arguments.add(String(decoding: FlatJSON.encode(message), as: UTF8.self))
        arguments.add(record.fields)
        return ScriptCall(
            keys: [account.map { keys.state($0) } ?? keys.state, keys.fence(fenceName)],
            arguments: arguments.list)
    }

    package enum Reply: Equatable, Sendable {
        case saved
        case exists
        case fenced
        case wrong(String)
    }

    package static func reply(_ texts: [String?]) throws(ScriptReplyError) -> Reply {
        switch texts.first {
        case "SAVED": return .saved
        case "EXISTS": return .exists
        case "FENCED": return .fenced
        case "WRONG": return .wrong(texts.dropFirst().map { $0 ?? "" }.joined(separator: " "))
        case _:
            let text = texts.map { $0 ?? "" }.joined(separator: " ")
            throw ScriptReplyError(description: "record script: unreadable answer: \(text)")
        }
    }
}
