/// Saves the allocator's run together with its lines of the journal and the answer to the request it
/// was asked for by: one without the others does not exist.
///
/// KEYS: 1 allocation, 2 allocations (stream and channel), 3 its counter, 4 fence, 5 request.
/// Replies `SAVED`, `FENCED number` or `WRONG what`, as `RecordScript` reads them.
package enum AllocationScript {
    /// About this many lines are kept: a thousand runs of three slices and more.
    package static let journalLength: Int64 = 10_000
    /// How long the answer to a request is kept.
    package static let requestLife: Int64 = 3_600_000

    package static let source =
        ScriptPrelude.text + """
            local fence, maximum, life, answer, fields = take(), take(), take(), take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'stream')
                or check(KEYS[3], 'string') or check(KEYS[4], 'string') or check(KEYS[5], 'string')
                or fenced(KEYS[4], fence) or behind(KEYS[3], KEYS[2])
            if wrong then return wrong end
            if #fields > 0 then
                redis.call('DEL', KEYS[1])
                redis.call('HSET', KEYS[1], unpack(fields))
            end
            if answer ~= '' then redis.call('SET', KEYS[5], answer, 'PX', life) end
            for i = 1, tonumber(take()) do
                local tail = take()
                journal(KEYS[2], KEYS[3], maximum, list(), tail)
            end
            if #fields > 0 then
                redis.call('HSET', KEYS[1], 'seq', redis.call('GET', KEYS[3]) or '0')
            end
            return {'SAVED'}
            """

    /// - Parameters:
    ///   - record: the run as it stands; empty to leave that alone.
    ///   - entries: lines of the journal.
    ///   - request: the request whose answer `record` is; empty for none.
    package static func call(
        _ record: [(String, String)], _ entries: [[(String, String)]], request: String,
        keys: BusKeys, fenceName: String, fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(journalLength)
        arguments.add(requestLife)
        let answer =
            request.isEmpty || record.isEmpty
            ? "" : String(decoding: FlatJSON.encode(record), as: UTF8.self)
        arguments.add(answer)
        arguments.add(record)
        arguments.add(Int64(entries.count))
        for entry in entries {
            arguments.add(LedgerScript.tail(entry))
            arguments.add(entry)
        }
        return ScriptCall(
            keys: [
                keys.allocation, keys.allocations, keys.allocationSequence, keys.fence(fenceName),
                keys.allocationRequest(request),
            ], arguments: arguments.list)
    }
}
