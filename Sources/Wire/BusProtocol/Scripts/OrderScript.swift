import Trading

/// Saving orders: the intent before anything is sent, and every change after it.
///
/// KEYS of both: 1 order, 2 orders stream and channel, 3 its counter, 4 open orders, 5 fence.
/// What the ledger has booked of an order is written by the ledger script alone.
package enum OrderScript {
    /// How long an order is kept after its end, in milliseconds: 7 days.
    package static let lifetime: Int64 = 7 * 86_400_000
    /// About this many order events are kept.
    package static let journalLength: Int64 = 100_000

    /// Replies `SAVED seq`, `EXISTS` with the fields of the order that has this id, `FENCED number`
    /// or `WRONG what`. An order that was not sent yet may be after `SAVED`, and after nothing else.
    package static let intent =
        ScriptPrelude.text + checks + """
            local found = redis.pcall('HGETALL', KEYS[1])
            if found.err then return wrong() end
            if #found > 0 then
                table.insert(found, 1, 'EXISTS')
                return found
            end
            local seq = enter()
            if not seq then return wrong() end
            for i = 1, #booked do changing[#changing + 1] = booked[i] end
            redis.call('HSET', KEYS[1], 'seq', seq, unpack(changing))
            redis.call('SADD', KEYS[4], id)
            return {'SAVED', seq}
            """

    /// Replies `SAVED seq`, `FENCED number` or `WRONG what`. An order that Redis lost is made anew; a
    /// save that comes after a later one (from a connection that was given up) changes nothing.
    package static let update =
        ScriptPrelude.text + checks + """
            local kept = redis.pcall('HMGET', KEYS[1], 'revision', 'seq')
            if kept.err then return wrong() end
            if kept[1] and tonumber(kept[1]) > tonumber(revision) then
                return {'SAVED', kept[2] or '0'}
            end
            local seq = enter()
            if not seq then return wrong() end
            redis.call('HSET', KEYS[1], 'seq', seq, unpack(changing))
            for i = 1, #booked, 2 do redis.call('HSETNX', KEYS[1], booked[i], booked[i + 1]) end
            if is_done then
                redis.call('SREM', KEYS[4], id)
                redis.call('PEXPIRE', KEYS[1], lifetime)
            else
                redis.call('SADD', KEYS[4], id)
                redis.call('PERSIST', KEYS[1])
            end
            return {'SAVED', seq}
            """

    /// Before the first thing is written, every key is looked at by a call that is needed anyway, or one
    /// that is cheap; only what goes wrong is looked into. The first write is the journal's, which fails
    /// where its counter is behind it.
    private static let checks = """
        local fence, id, is_done, lifetime, maximum = take(), take(), take() == '1', take(), take()
        local revision = take()
        local changing, booked, tail = list(), list(), take()
        local function wrong()
            return check(KEYS[1], 'hash') or check(KEYS[2], 'stream') or check(KEYS[3], 'string')
                or check(KEYS[4], 'set') or check(KEYS[5], 'string') or behind(KEYS[3], KEYS[2])
                or {'WRONG', 'the order cannot be written'}
        end
        local newest, count = redis.pcall('GET', KEYS[5]), redis.pcall('GET', KEYS[3])
        local member = redis.pcall('SISMEMBER', KEYS[4], id)
        if type(newest) == 'table' or type(count) == 'table' or type(member) == 'table'
            or (count and not string.match(count, '^%d+$')) then
            return wrong()
        end
        if newest and tonumber(newest) > tonumber(fence) then
            -- Told only where nothing else is wrong, as by all scripts.
            return check(KEYS[1], 'hash') or check(KEYS[2], 'stream') or {'FENCED', newest}
        end
        local function enter()
            local seq = string.format('%.0f', tonumber(count or '0') + 1)
            local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', maximum, seq .. '-0',
                'seq', seq, unpack(changing))
            if type(added) == 'table' then return nil end
            redis.call('INCR', KEYS[3])
            redis.call('PUBLISH', KEYS[2], '{"seq":"' .. seq .. '",' .. tail)
            return seq
        end

        """

    /// Fields that the ledger writes; `initial` holds them where an order is new to Redis.
    private static func isBooked(_ name: String) -> Bool {
        switch name {
        case "executed", "executed_notional", "average", "fees", "fee_asset", "trade_ids",
            "booked_at_mark", "booked_at_mark_for", "other_fees":
            true
        case _: false
        }
    }

    /// The call of either script with an order's record.
    /// - Parameter isDone: final, and all booked: leaves the open orders, and expires in 7 days.
    package static func call(
        _ record: OrderRecord, isDone: Bool, keys: BusKeys, fenceName: String, fence: Int64
    ) -> ScriptCall {
        let id = record.intent.clientOrderID.text
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(id)
        arguments.add(isDone)
        arguments.add(lifetime)
        arguments.add(journalLength)
        arguments.add(record.revision)
        var fields = record.fields
        fields.removeAll { $0.0 == "seq" }
        arguments.add(fields, leading: { !isBooked($0) })
        arguments.add(LedgerScript.tail(fields))
        return ScriptCall(
            keys: [
                keys.order(id), keys.orders, keys.orderSequence, keys.openOrders,
                keys.fence(fenceName),
            ], arguments: arguments.list)
    }

    package enum Reply: Equatable, Sendable {
        case saved(sequence: Int64)
        /// An order with this id is there already.
        case exists(OrderRecord)
        case fenced
        case wrong(String)
    }

    /// Reads either script's answer, given as the texts of its array.
    package static func reply(_ texts: [String?]) throws(ScriptReplyError) -> Reply {
        let texts = texts.map { $0 ?? "" }
        switch texts.first {
        case "SAVED":
            guard texts.count == 2, let sequence = Int64(texts[1]) else { throw unreadable(texts) }
            return .saved(sequence: sequence)
        case "EXISTS":
            var fields: [String: String] = [:]
            for index in stride(from: 1, to: texts.count - 1, by: 2) {
                fields[texts[index]] = texts[index + 1]
            }
            do throws(RecordError) {
                return .exists(try OrderRecord(fields: fields))
            } catch {
                return .wrong(error.description)
            }
        case "FENCED": return .fenced
        case "WRONG": return .wrong(texts.dropFirst().joined(separator: " "))
        case _: throw unreadable(texts)
        }
    }

    private static func unreadable(_ texts: [String]) -> ScriptReplyError {
        ScriptReplyError(
            description: "order script: unreadable answer: \(texts.joined(separator: " "))")
    }
}
