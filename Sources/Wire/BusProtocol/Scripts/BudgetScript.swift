internal import Chronology
package import Throttles

/// The scripts of the budget that all processes of a host share.
///
/// A limit is counted in twentieths of its window on the server's clock: twenty-two of them hold every
/// span of one window, wherever the venue begins to count, and as much as a call may be late in arriving
/// there; they never hold more than the limit. A lease ends
/// with the part it is counted in, so it is spent where it is counted; it may be of the next part, for
/// those who must not wait when that begins. What was not spent of an ended one is given back.
/// KEYS: 1 `budget:<limit>` (hash), 2 `budget:ban` (string with PX).
package enum BudgetScript {
    /// Parts of a window.
    package static let parts: Int64 = 20

    /// ARGV: 1 limit, 2 window in ms, 3 tokens wanted, 4 least of use, 5 share of the limit in
    /// percent, 6 writer, 7 1 for the next part or 0, 8 tokens given back, 9 the part they are of,
    /// 10 tokens spent while this could not be asked. Replies tokens given, ms until they end, ms
    /// until it is of use to ask again (where none were given), ms that a ban still lasts, the part
    /// they are of, ms until they begin.
    package static let lease = prelude + """
        local wanted, least, share = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
        local ahead, back = tonumber(ARGV[7]), tonumber(ARGV[8])
        local function field(part) return 'n:' .. string.format('%.0f', part) end
        if back > 0 then
            local theirs = field(tonumber(ARGV[9]))
            local counted = tonumber(redis.call('HGET', KEYS[1], theirs) or '0')
            if counted >= back then redis.call('HINCRBY', KEYS[1], theirs, -back) end
        end
        if tonumber(ARGV[10]) > 0 then
            redis.call('HINCRBY', KEYS[1], field(index), ARGV[10])
            redis.call('PEXPIRE', KEYS[1], window * 2)
        end
        local ban = redis.call('PTTL', KEYS[2])
        if ban > 0 then return {0, 0, ban, ban, 0, 0} end
        -- All that is counted from 21 parts ago to the next one.
        local total, counts = spent()
        local coming, oldest = counts[index + 1] or 0, counts[index - 21] or 0
        local used = total - oldest
        if ahead == 0 then used = math.max(used, total - coming) end
        local room = math.floor(limit * share / 100) - used
        if room < least then
            local again, freed = step, 0
            for part = index - 21 + ahead, index do
                freed = freed + (counts[part] or 0)
                if room + freed >= least then
                    again = (part + 22 - ahead) * step - now
                    break
                end
            end
            return {0, 0, again, 0, 0, 0}
        end
        local given = math.min(wanted, room)
        local part = index + ahead
        redis.call('HINCRBY', KEYS[1], field(part), given)
        redis.call('HSET', KEYS[1], 'limit', ARGV[1], 'window_ms', ARGV[2], 'spent',
            string.format('%.0f', total + given), 'writer', ARGV[6], 'at_ms',
            string.format('%.0f', now))
        redis.call('PEXPIRE', KEYS[1], window * 2)
        return {given, (part + 1) * step - now, 0, 0, part, math.max(0, part * step - now)}
        """

    /// The venue says what it has counted; what we have not spent, others on this address have.
    /// ARGV: 1 limit, 2 window in ms, 3 what the venue says, 4 writer. Replies what was added.
    package static let observe = prelude + """
        local total = spent()
        local strange = tonumber(ARGV[3]) - total
        if strange <= 0 then return 0 end
        redis.call('HINCRBY', KEYS[1], 'n:' .. string.format('%.0f', index), strange)
        redis.call('HSET', KEYS[1], 'observed', ARGV[3], 'writer', ARGV[4], 'at_ms',
            string.format('%.0f', now))
        redis.call('PEXPIRE', KEYS[1], window * 2)
        return strange
        """

    /// The venue wants to be left alone. KEYS: 1 `budget:ban`. ARGV: 1 ms from now, 2 channel,
    /// 3 message. A shorter ban never replaces a longer one. Replies the ms that it lasts.
    package static let ban = """
        local left = redis.call('PTTL', KEYS[1])
        if left < tonumber(ARGV[1]) then
            redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[1])
            left = tonumber(ARGV[1])
        end
        redis.call('PUBLISH', ARGV[2], ARGV[3])
        return left
        """

    private static let prelude = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local step = window / 20
        local index = math.floor(now / step)
        local function spent()
            local total, counts = 0, {}
            local all = redis.call('HGETALL', KEYS[1])
            for i = 1, #all, 2 do
                local part = tonumber(string.match(all[i], '^n:(%d+)$'))
                if part and part < index - 21 then
                    redis.call('HDEL', KEYS[1], all[i])
                elseif part then
                    counts[part] = tonumber(all[i + 1])
                    total = total + counts[part]
                end
            end
            return total, counts
        end

        """

    package static func leaseArguments(
        _ limit: BudgetLimit, _ wish: LeaseWish, writer: String
    ) -> [String] {
        [
            "\(limit.limit)", "\(limit.window.milliseconds)", "\(wish.want)", "\(wish.least)",
            "\(wish.lane.share)", writer, wish.isAhead ? "1" : "0", "\(wish.back)", "\(wish.part)",
            "\(wish.spent)",
        ]
    }

    package static func observeArguments(
        _ limit: BudgetLimit, counted: Int64, writer: String
    ) -> [String] {
        ["\(limit.limit)", "\(limit.window.milliseconds)", "\(counted)", writer]
    }
}
