/// Saves the allocator's run together with its lines of the journal and the answer to the request it
/// was asked for by: one without the others does not exist. A save that is repeated, as it is not known
/// what became of it, adds no line that stands there already; one that comes after a later one under the
/// same fence (from a connection that was given up) changes nothing, as it has been repeated or given up.
///
/// KEYS: 1 allocation, 2 allocations (stream and channel), 3 its counter, 4 fence, 5 request.
/// Replies `SAVED`, `FENCED number` or `WRONG what`, as `RecordScript` reads them.
package enum AllocationScript {
    /// About this many lines are kept: a thousand runs of three slices and more.
    package static let journalLength: Int64 = 10_000
    /// How long the answer to a request is kept.
    package static let requestLife: Int64 = 3_600_000

    /// Lines that a repeated save looks back at: more than wait to be saved at one time.
    package static let lookBack: Int64 = 256

    package static let source =
        ScriptPrelude.text + """
            local function mark(line)
                local found = {}
                for i = 1, #line, 2 do found[line[i]] = line[i + 1] end
                local parts = {}
                for i, name in ipairs({'run', 'kind', 'slice', 'at_ms'}) do
                    parts[i] = found[name] or ''
                end
                return table.concat(parts, ' ')
            end
            local fence, number, maximum, life, back = take(), take(), take(), take(), take()
            local answer, fields = take(), list()
            local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'stream')
                or check(KEYS[3], 'string') or check(KEYS[4], 'string') or check(KEYS[5], 'string')
                or fenced(KEYS[4], fence) or behind(KEYS[3], KEYS[2])
            if wrong then return wrong end
            local kept = redis.call('HMGET', KEYS[1], 'fence', 'save')
            if kept[1] == fence and (tonumber(kept[2] or '') or 0) > tonumber(number) then
                return {'SAVED'}
            end
            if #fields > 0 then
                redis.call('DEL', KEYS[1])
                redis.call('HSET', KEYS[1], unpack(fields))
            end
            if answer ~= '' then redis.call('SET', KEYS[5], answer, 'PX', life) end
            local seen = {}
            if back ~= '0' then
                for _, row in ipairs(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', back)) do
                    seen[mark(row[2])] = true
                end
            end
            for i = 1, tonumber(take()) do
                local tail, line = take(), list()
                if not seen[mark(line)] then
                    journal(KEYS[2], KEYS[3], maximum, line, tail)
                end
            end
            if #fields > 0 then
                redis.call('HSET', KEYS[1], 'seq', redis.call('GET', KEYS[3]) or '0')
            end
            if redis.call('EXISTS', KEYS[1]) == 1 then
                redis.call('HSET', KEYS[1], 'fence', fence, 'save', number)
            end
            return {'SAVED'}
            """

    /// - Parameters:
    ///   - record: the run as it stands; empty where there is none.
    ///   - entries: lines of the journal.
    ///   - request: the request whose answer `record` is; empty for none.
    ///   - isBehind: whether another run's record stands there, which is left alone.
    ///   - isRepeat: whether the same may have been saved before.
    ///   - number: counts the saves under a fence.
    package static func call(
        _ record: [(String, String)], _ entries: [[(String, String)]], request: String,
        isBehind: Bool = false, isRepeat: Bool = false, number: Int64, keys: BusKeys,
        fenceName: String, fence: Int64
    ) -> ScriptCall {
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(number)
        arguments.add(journalLength)
        arguments.add(requestLife)
        arguments.add(isRepeat ? lookBack : 0)
        let answer =
            request.isEmpty || record.isEmpty
            ? "" : String(decoding: FlatJSON.encode(record), as: UTF8.self)
        arguments.add(answer)
        arguments.add(isBehind ? [] : record)
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
