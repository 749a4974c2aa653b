import Bytes
package import Positions
import Trading

/// The one atomic change of the ledger (decision 4): everything is checked, then all is written.
///
/// KEYS: 1 position (or the balance again where the change has no symbol), 2 balance, 3 trades,
/// 4 ledger stream and channel, 5 its counter, 6 books, 7 fence, 8 order (where there is one).
/// Replies: `APPLIED seq`, `DUPLICATE` or `CONFLICT` with how things stand, `FENCED number`,
/// `WRONG what`. Numbers pass through as text; the script computes nothing but the entry's number.
///
/// A change whose answer was lost, and that is not to be made as it was any more, is asked about with the
/// version `LedgerCommand.question`. Where it is not in the ledger, it is struck out in the same step: its
/// own call, if Redis carries that out yet (from a connection that was given up), is a `CONFLICT`.
package enum LedgerScript {
    /// Sides of trades are remembered this long, in milliseconds: 8 days, past any venue's trade look-back.
    package static let memory: Int64 = 8 * 86_400_000
    /// About this many journal entries are kept.
    package static let journalLength: Int64 = 100_000
    /// Stands before the identity of a change that was struck out.
    package static let struckOut = "struck:"

    package static let source =
        ScriptPrelude.text + """
            local fence, identity, at_ms, before = take(), take(), take(), take()
            local maximum, lifetime, has_position = take(), take(), take() == '1'
            local position_version, balance_version, book, is_open = take(), take(), take(), take()
            local has_order, executed = take() == '1', take()
            local position, balance, order = list(), list(), list()

            local wrong = check(KEYS[2], 'hash') or check(KEYS[3], 'zset') or check(KEYS[4], 'stream')
                or check(KEYS[5], 'string') or check(KEYS[6], 'set') or check(KEYS[7], 'string')
            if not wrong and has_position then wrong = check(KEYS[1], 'hash') end
            if not wrong and has_order then wrong = check(KEYS[8], 'hash') end
            wrong = wrong or fenced(KEYS[7], fence) or behind(KEYS[5], KEYS[4])
            if wrong then return wrong end

            local function standing(kind)
                local reply = {kind}
                local function add(key, names)
                    local values = redis.call('HMGET', key, unpack(names))
                    for i = 1, #names do reply[#reply + 1] = values[i] or '' end
                end
                if has_position then
                    add(KEYS[1], {'qty', 'entry', 'realised', 'fees', 'version'})
                else
                    for i = 1, 5 do reply[#reply + 1] = '' end
                end
                add(KEYS[2], {'deposits', 'realised', 'fees', 'funding', 'version'})
                if has_order then
                    add(KEYS[8], {'executed', 'executed_notional', 'fees', 'fee_asset', 'trade_ids',
                        'booked_at_mark', 'booked_at_mark_for', 'other_fees'})
                else
                    for i = 1, 8 do reply[#reply + 1] = '' end
                end
                return reply
            end

            if remembered(KEYS[3], identity) then return standing('DUPLICATE') end
            local struck = '\(struckOut)' .. identity
            if redis.call('ZSCORE', KEYS[3], struck) then return standing('CONFLICT') end
            if has_position and position_version == '\(LedgerCommand.question)' then
                redis.call('ZADD', KEYS[3], at_ms, struck)
                return standing('CONFLICT')
            end
            if has_position and (redis.call('HGET', KEYS[1], 'version') or '0') ~= position_version then
                return standing('CONFLICT')
            end
            if (redis.call('HGET', KEYS[2], 'version') or '0') ~= balance_version then
                return standing('CONFLICT')
            end
            local booked = has_order and redis.call('HGET', KEYS[8], 'executed')
            if booked and booked ~= executed then return standing('CONFLICT') end

            local seq
            for i = 1, tonumber(take()) do
                local tail = take()
                seq = journal(KEYS[4], KEYS[5], maximum, list(), tail)
            end
            if has_position then
                redis.call('HSET', KEYS[1], 'seq', seq, unpack(position))
                redis.call(is_open == '1' and 'SADD' or 'SREM', KEYS[6], book)
            end
            redis.call('HSET', KEYS[2], 'seq', seq, unpack(balance))
            if has_order then
                redis.call('HSET', KEYS[8], unpack(order))
                if not booked then redis.call('PEXPIRE', KEYS[8], lifetime) end
            end
            redis.call('ZADD', KEYS[3], at_ms, identity)
            redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. before)
            return {'APPLIED', seq}
            """

    /// Changes without a symbol are remembered under this name.
    static let transfers = "transfers"

    /// Where changes without a symbol are remembered.
    package static func transfersKey(_ keys: BusKeys) -> String { "\(keys.prefix)trades:\(transfers)" }

    /// The call that carries a command out.
    /// - Parameter writer: `service:instance`; `nowMilliseconds` stamps the records.
    package static func call(
        _ command: LedgerCommand, keys: BusKeys, fenceName: String, fence: Int64, writer: String,
        nowMilliseconds: Int64
    ) -> ScriptCall {
        let change = command.change
        let balanceKey = keys.balance(change.account)
        var names = [
            change.symbol.map { keys.position(change.account, $0) } ?? balanceKey, balanceKey,
            change.symbol.map { keys.trades($0) } ?? transfersKey(keys),
            keys.ledger, keys.ledgerSequence, keys.books, keys.fence(fenceName),
        ]
        if let order = command.order { names.append(keys.order(order.id.text)) }
        var arguments = ScriptArguments()
        arguments.add(fence)
        arguments.add(change.identity)
        arguments.add(nowMilliseconds)
        arguments.add(nowMilliseconds - memory)
        arguments.add(journalLength)
        arguments.add(OrderScript.lifetime)
        arguments.add(change.symbol != nil)
        arguments.add(command.positionBefore)
        arguments.add(command.balanceBefore)
        arguments.add(change.symbol.map { BusKeys.book(change.account, $0) } ?? "")
        arguments.add(command.position?.quantity.isZero == false)
        arguments.add(command.order != nil)
        arguments.add(command.order?.before.executed.text ?? "")
        let stamp = [("writer", writer), ("at_ms", "\(nowMilliseconds)")]
        arguments.add(command.position.map { fields(of: $0) + stamp } ?? [])
        arguments.add(fields(of: command.balance) + stamp)
        arguments.add(command.order.map { fields(of: $0.after) } ?? [])
        arguments.add(Int64(command.legs.count))
        for leg in command.legs {
            let entry = entry(leg, command, writer: writer).unnumberedFields
            arguments.add(tail(entry))
            arguments.add(entry)
        }
        return ScriptCall(keys: names, arguments: arguments.list)
    }

    /// The text of a JSON object without its opening brace.
    static func tail(_ fields: [(String, String)]) -> String {
        String(decoding: FlatJSON.encode(fields).dropFirst(), as: UTF8.self)
    }

    static func fields(of position: Position) -> [(String, String)] {
        [
            ("qty", position.quantity.text), ("entry", position.entryPrice.text),
            ("realised", position.realised.text), ("fees", position.fees.text),
            ("version", "\(position.version)"),
        ]
    }

    static func fields(of balance: BookBalance) -> [(String, String)] {
        [
            ("deposits", balance.deposits.text), ("realised", balance.realised.text),
            ("fees", balance.fees.text), ("funding", balance.funding.text),
            ("wallet", balance.wallet.text), ("version", "\(balance.version)"),
        ]
    }

    /// The fields of an order that only the ledger writes.
    package static func fields(of totals: OrderTotals) -> [(String, String)] {
        let average =
            totals.executed.isZero
            ? nil : totals.notional.divided(by: totals.executed, .nearestEven)
        return [
            ("executed", totals.executed.text), ("executed_notional", totals.notional.text),
            ("average", average?.text ?? ""), ("fees", totals.fees.text),
            ("fee_asset", totals.feeAsset),
            ("trade_ids", totals.tradeIDs.map { "\($0)" }.joined(separator: ",")),
        ] + fields(of: totals.bookedAtMark) + fields(ofOther: totals.otherFees)
    }

    /// The field of fees in other assets than the first, where there are any.
    static func fields(ofOther fees: [String: Money]) -> [(String, String)] {
        let texts = fees.sorted { $0.key < $1.key }.map { "\($0):\($1.text)" }
        return texts.isEmpty ? [] : [("other_fees", texts.joined(separator: ","))]
    }

    /// Reads them: `BNB:0.012,USDT:1`; nil where the text is something else.
    static func otherFees(_ text: String) -> [String: Money]? {
        var fees: [String: Money] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: ":").map(String.init)
            guard parts.count == 2, let amount = Money(text: parts[1]) else { return nil }
            fees[parts[0]] = amount
        }
        return fees
    }

    /// The fields of what was closed at mark.
    static func fields(of booked: BookedAtMark?) -> [(String, String)] {
        guard let booked else { return [] }
        return [
            ("booked_at_mark", booked.quantity.text), ("booked_at_mark_for", booked.value.text),
        ]
    }

    /// The journal entry of one leg.
    package static func entry(
        _ leg: LedgerLeg, _ command: LedgerCommand, writer: String
    ) -> LedgerEntry {
        let change = command.change
        var entry = LedgerEntry(
            kind: kind(of: leg.kind), account: change.account, symbol: change.symbol,
            cause: change.cause, atMilliseconds: change.atMilliseconds, writer: writer)
        entry.quantity = leg.quantity
        entry.realised = leg.realised
        entry.fee = leg.fee
        entry.position = leg.position
        entry.entryPrice = leg.entryPrice
        entry.positionVersion = command.position?.version ?? 0
        entry.wallet = leg.wallet
        entry.balanceVersion = command.balance.version
        switch change.subject {
        case .fill(let fill, let order):
            entry.tradeID = fill.tradeID
            entry.order = order?.text ?? fill.clientOrderID
            entry.venueOrderID = fill.orderID
            entry.side = fill.side
            entry.price = fill.price
            entry.feeAsset = fill.feeAsset
            if leg.kind == .feeInKind {
                entry.side = fill.fee.isNegative ? .buy : .sell
                entry.price = .zero
            } else if leg.fee.isZero, !fill.fee.isZero {
                entry.fee = fill.fee
            }
        case .adjustment(let delta, let price, _):
            entry.side = delta.isNegative ? .sell : .buy
            entry.price = price
        case .deposit(let amount), .transfer(let amount):
            entry.quantity = Quantity(units: amount.units)
        case .funding(let amount):
            entry.realised = amount
        }
        return entry
    }

    private static func kind(of leg: LedgerLegKind) -> LedgerKind {
        switch leg {
        case .fill: .fill
        case .flipClose: .flipClose
        case .flipOpen: .flipOpen
        case .virtualClose: .virtualClose
        case .deposit: .deposit
        case .transfer: .transfer
        case .funding: .funding
        case .adjustment: .adjustment
        case .feeInKind: .feeInKind
        }
    }

    // MARK: the answer

    /// Reads the script's answer, given as the texts of its array.
    package static func reply(_ texts: [String?]) throws(ScriptReplyError) -> LedgerReply {
        let texts = texts.map { $0 ?? "" }
        switch texts.first {
        case "APPLIED":
            guard texts.count == 2, let sequence = Int64(texts[1]) else { throw unreadable(texts) }
            return .applied(sequence: sequence)
        case "DUPLICATE": return .duplicate(try snapshot(texts))
        case "CONFLICT": return .conflict(try snapshot(texts))
        case "FENCED": return .fenced
        case "WRONG": return .wrong(texts.dropFirst().joined(separator: " "))
        case _: throw unreadable(texts)
        }
    }

    static func snapshot(_ texts: [String]) throws(ScriptReplyError) -> LedgerSnapshot {
        guard texts.count == 19 else { throw unreadable(texts) }
        var balance = BookBalance()
        if !texts[10].isEmpty {
            balance = BookBalance(
                deposits: try decimal(texts[6]), realised: try decimal(texts[7]),
                fees: try decimal(texts[8]), funding: try decimal(texts[9]),
                version: try integer(texts[10]))
        }
        var position = Position()
        if !texts[5].isEmpty {
            position = Position(
                quantity: try decimal(texts[1]), entryPrice: try decimal(texts[2]),
                realised: try decimal(texts[3]), fees: try decimal(texts[4]),
                version: try integer(texts[5]))
        }
        var order: OrderTotals?
        if !texts[11].isEmpty {
            guard let others = otherFees(texts[18]) else { throw unreadable(texts) }
            order = OrderTotals(
                executed: try decimal(texts[11]), notional: try decimal(texts[12]),
                fees: try decimal(texts[13]), feeAsset: texts[14], otherFees: others,
                tradeIDs: texts[15].split(separator: ",").compactMap { Int64($0) })
        }
        if !texts[16].isEmpty {
            order?.bookedAtMark = BookedAtMark(
                quantity: try decimal(texts[16]), value: try decimal(texts[17]))
        }
        return LedgerSnapshot(position: position, balance: balance, order: order)
    }

    private static func decimal<Value: ExactDecimal>(
        _ text: String
    ) throws(ScriptReplyError) -> Value {
        guard let value = Value(text: text) else {
            throw ScriptReplyError(description: "ledger script: not a decimal: \(text)")
        }
        return value
    }

    private static func integer(_ text: String) throws(ScriptReplyError) -> Int64 {
        guard let value = Int64(text) else {
            throw ScriptReplyError(description: "ledger script: not a whole number: \(text)")
        }
        return value
    }

    private static func unreadable(_ texts: [String]) -> ScriptReplyError {
        ScriptReplyError(
            description: "ledger script: unreadable answer: \(texts.joined(separator: " "))")
    }
}
