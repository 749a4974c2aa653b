import BusProtocol
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import OrderGatewayService
import Orders
import Positions
import Trading
import VenueProtocol

/// What the desk reads of the simulated Redis when it takes over, and for each order.
extension GatewayActor {
    func load(_ generation: Int64, _ known: [ClientOrderID]) {
        connection.request({ self.snapshot($0, known) }) { [self] outcome in
            if case .answer(let snapshot) = outcome {
                tell(.loaded(generation: generation, snapshot))
            } else {
                tell(.loadFailed(generation: generation, "redis is away"))
            }
        }
    }

    func facts(
        _ data: SimulatedRedis, _ account: AccountID, _ symbol: Symbol
    ) -> MarketFacts {
        let price = data.hashes[keys.price(symbol)].flatMap { try? PriceRecord(fields: $0) }
        let risk = data.hashes[keys.risk(account)].flatMap { try? RiskRecord(fields: $0) }
        let instrument = data.hashes[keys.instrument(symbol)].flatMap {
            try? InstrumentRecord.instrument(fields: $0)
        }
        var facts = MarketFacts(
            price: price.map {
                PriceFacts(
                    bid: $0.bid, ask: $0.ask, mark: $0.mark,
                    at: WallTime(milliseconds: min($0.bookMilliseconds, $0.markMilliseconds)))
            },
            risk: risk.map {
                RiskFacts(
                    available: $0.available, at: WallTime(milliseconds: $0.stamp.atMilliseconds))
            }, riskSequence: risk?.ledgerSequence ?? 0, instrument: instrument)
        facts.reducing = data.hashes[keys.reducing]?[symbol.name]
        return facts
    }

    func snapshot(_ data: SimulatedRedis, _ known: [ClientOrderID]) -> GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        for name in (data.sets[keys.accounts] ?? []).sorted() {
            guard let id = AccountID(name),
                let record = data.hashes[keys.account(id)].flatMap({
                    try? AccountRecord(fields: $0)
                })
            else { continue }
            snapshot.accounts.append(record)
        }
        for id in (data.sets[keys.algos] ?? []).sorted() {
            guard let fields = data.hashes[keys.algo(id)],
                let record = try? AlgoRecord(fields: fields)
            else { continue }
            snapshot.algos.append(record)
        }
        for id in snapshot.accounts.map(\.id) + [.external] {
            if let balance = data.hashes[keys.balance(id)].flatMap({
                try? BalanceRecord(fields: $0)
            }) {
                snapshot.balances[id] = BookBalance(
                    deposits: balance.deposits, realised: balance.realised, fees: balance.fees,
                    funding: balance.funding, version: balance.version)
            }
            for (key, fields) in data.hashes where key.hasPrefix("\(keys.prefix)position:\(id):") {
                guard let record = try? PositionRecord(fields: fields),
                    let symbol = Symbol(String(key.split(separator: ":").last ?? ""))
                else { continue }
                snapshot.positions[id, default: [:]][symbol] = Position(
                    quantity: record.quantity, entryPrice: record.entryPrice,
                    realised: record.realised, fees: record.fees, version: record.version)
            }
        }
        for (key, fields) in data.hashes where key.hasPrefix("\(keys.prefix)instrument:") {
            if let instrument = try? InstrumentRecord.instrument(fields: fields) {
                snapshot.instruments.append(instrument)
            }
        }
        snapshot.instruments.sort { $0.symbol < $1.symbol }
        if let newest = data.streams[keys.orders]?.last,
            let at = newest.fields.first(where: { $0.0 == "at_ms" })
        {
            snapshot.newestMilliseconds = Int64(at.1) ?? 0
        }
        let open = data.sets[keys.openOrders] ?? []
        for id in open.sorted() {
            if let record = data.hashes[keys.order(id)].flatMap({ try? OrderRecord(fields: $0) }) {
                snapshot.openOrders.append(record)
            }
        }
        for id in known where !open.contains(id.text) {
            if let record = data.hashes[keys.order(id.text)].flatMap({
                try? OrderRecord(fields: $0)
            }) {
                snapshot.closedOrders.append(record)
            }
        }
        for (key, members) in data.scores where key.hasPrefix("\(keys.prefix)trades:") {
            guard let symbol = Symbol(String(key.split(separator: ":").last ?? "")) else {
                continue
            }
            snapshot.appliedTrades[symbol] = members.keys.flatMap { TradeLeg.legs(in: $0) }
                .sorted().suffix(500)
        }
        return snapshot
    }
}
