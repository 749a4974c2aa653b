import Trading

/// Saves an account's tier record together with the decisions that led to it: one without the other
/// does not exist.
///
/// KEYS: 1 tier, 2 decisions (stream and channel), 3 its counter, 4 fence.
/// Replies `SAVED`, `FENCED number` or `WRONG what`, as `RecordScript` reads them. A save that
/// repeats the decision already on record adds no line; one that comes after a later one under the same
/// fence (from a connection that was given up) changes nothing.
package enum TierScript {
    /// About this many decisions are kept.
    package static let journalLength: Int64 = 20_000

    package static let source =
        ScriptPrelude.text + """
            local fence, maximum, decision, seq, fields = take(), take(), take(), take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'stream')
                or check(KEYS[3], 'string') or check(KEYS[4], 'string')
                or fenced(KEYS[4], fence) or behind(KEYS[3], KEYS[2])
            if wrong then return wrong end
            local kept = redis.call('HMGET', KEYS[1], 'fence', 'seq')
            if kept[1] == fence and (tonumber(kept[2] or '') or 0) > tonumber(seq) then
                return {'SAVED'}
            end
            local isNew = redis.call('HGET', KEYS[1], 'decision') ~= decision
            redis.call('DEL', KEYS[1])
            redis.call('HSET', KEYS[1], 'fence', fence, unpack(fields))
            for i = 1, tonumber(take()) do
                local tail = take()
                local entry = list()
                if isNew then journal(KEYS[2], KEYS[3], maximum, entry, tail) end
            end
            return {'SAVED'}
            """

    package static func call(
        _ record: TierRecord, _ decisions: [DecisionEntry], keys: BusKeys, fenceName: String,
        fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(journalLength)
        arguments.add(record.decision)
        arguments.add(record.stamp.sequence)
        arguments.add(record.fields)
        arguments.add(Int64(decisions.count))
        for decision in decisions {
            arguments.add(LedgerScript.tail(decision.unnumberedFields))
            arguments.add(decision.unnumberedFields)
        }
        return ScriptCall(
            keys: [
                keys.tier(record.account), keys.decisions, keys.decisionSequence,
                keys.fence(fenceName),
            ], arguments: arguments.list)
    }
}
