package import BusProtocol
import Bytes
import Chronology
import Margin
package import RiskEngineService
import Trading

/// risk-engine's desk with its actions carried out on the simulated Redis.
package final class RiskActor {
    package let desk: RiskDesk
    private let time: SimulatedTime
    private let server: SimulatedServer
    private let keys: BusKeys
    private let connection: SimulatedConnection
    private var isAlive = true
    /// Takes the codes of alerts.
    package var onAlert: (String) -> Void = { _ in }
    private static let writer = "risk-engine:simulated"

    package init(time: SimulatedTime, server: SimulatedServer, keys: BusKeys) {
        self.time = time
        self.server = server
        self.keys = keys
        desk = RiskDesk(writer: RiskActor.writer)
        connection = server.connect()
        connection.subscriptions = [keys.ledgerChannel, keys.replyChannel(RiskActor.writer)]
        connection.onUp = { [weak self] in
            self?.tell(.redisUp)
            self?.tell(.ledgerSubscribed)
        }
        connection.onDown = { [weak self] in self?.tell(.redisDown) }
        connection.onMessage = { [weak self] channel, message in self?.received(channel, message) }
        time.after(.milliseconds(1)) { [self] in
            guard connection.isUp else { return }
            tell(.redisUp)
            tell(.ledgerSubscribed)
        }
        takeLease()
        wake()
    }

    /// The lease of its forerunner has lapsed: take it.
    private func takeLease() {
        let name = keys.fence("risk")
        time.after(.milliseconds(300)) { [self] in
            guard isAlive else { return }
            connection.request({ data in
                let next = (data.strings[name].flatMap { Int64($0) } ?? 0) + 1
                data.strings[name] = "\(next)"
                return next
            }) { [self] outcome in
                if case .answer(let number) = outcome {
                    tell(.leaseGained(fence: number))
                } else {
                    takeLease()
                }
            }
        }
    }

    package func kill() {
        isAlive = false
        server.disconnect(connection)
    }

    private func wake() {
        guard isAlive else { return }
        while isAlive, desk.nextWake <= time.now { tell(.woken) }
        time.after(.milliseconds(200)) { [weak self] in self?.wake() }
    }

    private func received(_ channel: String, _ message: String) {
        let bytes = Array(message.utf8)
        if channel == keys.ledgerChannel {
            if let fields = try? FlatJSON.decode(bytes.rawSpan),
                let entry = try? LedgerEntry(fields: fields)
            {
                tell(.ledgerReceived(entry))
            } else {
                tell(.ledgerUnreadable(reason: "unreadable"))
            }
        } else if channel == keys.replyChannel(RiskActor.writer) {
            if let reply = try? Reply.decode(bytes.rawSpan) { tell(.replied(reply)) }
        } else if let (name, tick) = try? Tick.decode(bytes.rawSpan), let symbol = Symbol(name) {
            tell(.tickReceived(symbol, tick))
        }
    }

    private func tell(_ event: RiskEvent) {
        guard isAlive else { return }
        var actions: [RiskAction] = []
        desk.handle(event, now: time.now, wall: time.wallNow, &actions)
        for action in actions { perform(action) }
    }

    private func perform(_ action: RiskAction) {
        switch action {
        case .load(let number):
            connection.request({ self.load($0) }) { [self] outcome in
                if case .answer(let load) = outcome {
                    tell(.loaded(number, load))
                } else {
                    tell(.loadFailed(number, reason: "redis is away"))
                }
            }
        case .catchUp(let number, let after): catchUp(number, after)
        case .readSequence:
            let keys = keys
            connection.request({ data in
                (
                    data.strings[keys.ledgerSequence].flatMap { Int64($0) } ?? 0,
                    data.sets[keys.accounts]?.count ?? 0
                )
            }) { [self] outcome in
                if case .answer((let sequence, let count)) = outcome {
                    tell(.sequenceRead(ledger: sequence, accountCount: count))
                }
            }
        case .watch(let symbol):
            connection.subscriptions.insert(keys.tickChannel(symbol))
            connection.request({ [keys] data in
                (
                    RiskActor.brackets(data, keys, symbol), data.hashes[keys.price(symbol)],
                    RiskActor.instrument(data, keys, symbol)
                )
            }) { [self] outcome in
                guard case .answer((let brackets, let fields, let instrument)) = outcome else {
                    return
                }
                let price = fields.flatMap { try? PriceRecord(fields: $0) }
                tell(.symbolRead(symbol, brackets, price, instrument))
            }
        case .unwatch(let symbol): connection.subscriptions.remove(keys.tickChannel(symbol))
        case .save(let record, let earlier): save(record, earlier)
        case .saveTier(let record, let decisions, let token, let fence):
            saveTier(record, decisions, token, fence)
        case .command(let id, let kind, let body):
            let deadline = time.wallNow + RiskLimits.commandDeadline
            let command = Command(
                id: id, from: RiskActor.writer, deadlineMilliseconds: deadline.milliseconds,
                kind: kind.rawValue, body: body)
            let channel = keys.commandChannel(.orderGateway)
            let text = String(decoding: command.encoded(), as: UTF8.self)
            connection.request({ $0.onPublish(channel, text) }) { _ in }
        case .alert(let alert): onAlert(alert.code)
        // There is no other source of prices here.
        case .askPrice: return
        }
    }

    private func save(_ record: RiskRecord, _ earlier: RiskRecord?) {
        let key = keys.risk(record.account)
        let fields = Dictionary(
            earlier.map { record.fields(changedFrom: $0) } ?? record.fields,
            uniquingKeysWith: { first, _ in first })
        connection.request({ [time] data in
            if earlier == nil { data.hashes[key] = nil }
            data.hashes[key, default: [:]].merge(fields, uniquingKeysWith: { $1 })
            let stamp = data.hashes[key]?["seq"]
            time.after(RiskLimits.snapshotTimeToLive) {
                if data.hashes[key]?["seq"] == stamp { data.hashes[key] = nil }
            }
        }) { [self] outcome in
            switch outcome {
            case .answer: break
            case .refused, .unknown: desk.snapshotRefused(record.account)
            }
        }
    }

    private func saveTier(
        _ record: TierRecord, _ decisions: [DecisionEntry], _ token: UInt64, _ fence: Int64
    ) {
        let call = TierScript.call(
            record, decisions, keys: keys, fenceName: "risk", fence: fence)
        connection.request({ $0.run(.tier, call) }) { [self] outcome in
            var result = TierSaveOutcome.failed("redis is away")
            if case .answer(let texts) = outcome {
                result = texts.first == "SAVED" ? .saved : .fenced
            }
            tell(.tierSaved(record.account, token: token, result))
        }
    }

    private func catchUp(_ number: UInt64, _ after: Int64) {
        let stream = keys.ledger
        connection.request({ data -> [LedgerEntry] in
            (data.streams[stream] ?? []).filter { $0.sequence > after }
                .prefix(RiskLimits.catchUpPage).compactMap {
                    try? LedgerEntry(
                        fields: Dictionary($0.fields, uniquingKeysWith: { first, _ in first }))
                }
        }) { [self] outcome in
            if case .answer(let entries) = outcome {
                tell(.caughtUp(number, entries, isWhole: entries.count < RiskLimits.catchUpPage))
            } else {
                tell(.catchUpFailed(number, reason: "redis is away"))
            }
        }
    }

    private static func brackets(
        _ data: SimulatedRedis, _ keys: BusKeys, _ symbol: Symbol
    ) -> MaintenanceBrackets? {
        data.strings[keys.brackets(symbol)].flatMap {
            try? MaintenanceBrackets(json: Array($0.utf8).rawSpan)
        }
    }

    private static func instrument(
        _ data: SimulatedRedis, _ keys: BusKeys, _ symbol: Symbol
    ) -> Instrument? {
        data.hashes[keys.instrument(symbol)].flatMap {
            try? InstrumentRecord.instrument(fields: $0)
        }
    }

    private func load(_ data: SimulatedRedis) -> RiskLoad {
        var load = RiskLoad(
            sequence: data.strings[keys.ledgerSequence].flatMap { Int64($0) } ?? 0)
        let names = (data.sets[keys.accounts] ?? []).sorted()
        load.accountCount = names.count
        for id in names.compactMap(AccountID.init) + [.external] {
            var account = RiskLoad.Account(id: id)
            account.balance = data.hashes[keys.balance(id)].flatMap {
                try? BalanceRecord(fields: $0)
            }
            account.tierRecord = data.hashes[keys.tier(id)].flatMap {
                try? TierRecord(fields: $0)
            }
            account.tier = account.tierRecord?.tier ?? .calm
            for member in (data.sets[keys.books] ?? []).sorted() {
                guard let book = BusKeys.book(of: member), book.account == id else { continue }
                account.positions[book.symbol] = data.hashes[keys.position(id, book.symbol)]
                    .flatMap { try? PositionRecord(fields: $0) }
                load.brackets[book.symbol] = RiskActor.brackets(data, keys, book.symbol)
                load.instruments[book.symbol] = RiskActor.instrument(data, keys, book.symbol)
                load.prices[book.symbol] = data.hashes[keys.price(book.symbol)].flatMap {
                    try? PriceRecord(fields: $0)
                }
            }
            if id != .external || account.balance != nil { load.accounts.append(account) }
        }
        load.accounts.sort { $0.id < $1.id }
        return load
    }
}
