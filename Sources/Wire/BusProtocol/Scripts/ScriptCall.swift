/// The keys and arguments of one call of a script.
package struct ScriptCall: Equatable, Sendable {
    package let keys: [String]
    package let arguments: [String]
}

/// Why a script's answer could not be read.
package struct ScriptReplyError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// The arguments of a script, with each list led by its length.
struct ScriptArguments {
    private(set) var list: [String] = []

    mutating func add(_ text: String) { list.append(text) }
    mutating func add(_ flag: Bool) { list.append(flag ? "1" : "0") }
    mutating func add(_ number: Int64) { list.append("\(number)") }
    /// Fields as alternating names and values, after their count of texts.
    mutating func add(_ fields: [(String, String)]) {
        list.append("\(fields.count * 2)")
        for (name, value) in fields {
            list.append(name)
            list.append(value)
        }
    }
    /// Fields as two such lists: those that lead, and the others behind.
    mutating func add(_ fields: [(String, String)], leading: (String) -> Bool) {
        list.reserveCapacity(list.count + fields.count * 2 + 8)
        var others: [(String, String)] = []
        let place = list.count
        list.append("")
        for field in fields {
            guard leading(field.0) else {
                others.append(field)
                continue
            }
            list.append(field.0)
            list.append(field.1)
        }
        list[place] = "\(list.count - place - 1)"
        add(others)
    }
}

/// Lua that several scripts share: `fail` and `check` look at a key before anything is written.
enum ScriptPrelude {
    static let text = """
        local function holds(key, kind)
            local found = redis.call('TYPE', key)['ok']
            return found == 'none' or found == kind
        end
        local function check(key, kind)
            if holds(key, kind) then return nil end
            return {'WRONG', key .. ' does not hold a ' .. kind}
        end
        local function fenced(key, mine)
            local newest = redis.call('GET', key)
            if newest and tonumber(newest) > tonumber(mine) then return {'FENCED', newest} end
            return nil
        end
        local function last(stream)
            local found = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', '1')
            if found[1] then return tonumber(string.match(found[1][1], '^(%d+)')) end
            return 0
        end
        local function behind(counter, stream)
            local value = redis.call('GET', counter)
            if value and not string.match(value, '^%d+$') then
                return {'WRONG', counter .. ' is not a number'}
            end
            if last(stream) > tonumber(value or '0') then
                return {'WRONG', counter .. ' is behind ' .. stream}
            end
            return nil
        end
        -- Earlier versions remembered a trade by its id alone, for both its sides.
        local function remembered(key, identity)
            if redis.call('ZSCORE', key, identity) then return true end
            local id = string.match(identity, '^(%d+):%u+$')
            return id and redis.call('ZSCORE', key, id)
        end
        local function journal(stream, counter, maximum, fields, tail)
            local seq = string.format('%.0f', redis.call('INCR', counter))
            redis.call('XADD', stream, 'MAXLEN', '~', maximum, seq .. '-0', 'seq', seq,
                unpack(fields))
            redis.call('PUBLISH', stream, '{"seq":"' .. seq .. '",' .. tail)
            return seq
        end
        local at = 0
        local function take()
            at = at + 1
            return ARGV[at]
        end
        local function list()
            local values = {}
            for i = 1, tonumber(take()) do values[i] = take() end
            return values
        end

        """
}
