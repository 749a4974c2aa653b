/// Saving an algorithm: before an order of it is placed, and at most once a second besides.
package enum AlgoScript {
    /// How long an algorithm is kept after its end, in milliseconds: 7 days.
    package static let lifetime: Int64 = 7 * 86_400_000

    /// KEYS: 1 algo, 2 algos, 3 fence. Replies `SAVED`, `EXISTS` where another has the name or it is
    /// over already, `FENCED number` or `WRONG what`; a save that comes after a later one changes
    /// nothing.
    package static let save =
        ScriptPrelude.text + """
            local fence, id, revision, is_over, lifetime = take(), take(), take(), take() == '1', take()
            local started, fields = take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'set') or check(KEYS[3], 'string')
                or fenced(KEYS[3], fence)
            if wrong then return wrong end
            local past = redis.call('HMGET', KEYS[1], 'revision', 'started_ms', 'status')
            local kept, since, status = past[1], past[2], past[3]
            if since and since ~= started then return {'EXISTS'} end
            if is_over == false and (status == 'done' or status == 'failed') then return {'EXISTS'} end
            if kept and tonumber(kept) > tonumber(revision) then return {'SAVED'} end
            redis.call('HSET', KEYS[1], unpack(fields))
            if is_over then
                redis.call('SREM', KEYS[2], id)
                redis.call('PEXPIRE', KEYS[1], lifetime)
            else
                redis.call('SADD', KEYS[2], id)
                redis.call('PERSIST', KEYS[1])
            end
            return {'SAVED'}
            """

    package static func call(
        _ record: AlgoRecord, isOver: Bool, keys: BusKeys, fenceName: String, fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(record.id)
        arguments.add(record.revision)
        arguments.add(isOver)
        arguments.add(lifetime)
        arguments.add(record.startedMilliseconds)
        arguments.add(record.fields)
        return ScriptCall(
            keys: [keys.algo(record.id), keys.algos, keys.fence(fenceName)],
            arguments: arguments.list)
    }
}
