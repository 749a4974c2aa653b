import Algorithms
import BusProtocol
import Bytes
package import Chronology
import ExchangeMarkets
import FuturesExchange
import Trading

/// What algorithms of all kinds came to while processes died around them.
package struct AlgoStory: Sendable {
    package var started = 0
    /// Algorithms by how they ended: status and reason.
    package var ends: [String: Int] = [:]
    package var orders = 0
    package var traded = 0
    package var looks = 0
    /// Whatever is wrong; empty when all is right.
    package var violations: [String] = []

    package var text: String {
        let ends = ends.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return
            "\(started) algos, \(orders) orders, \(traded) with fills, looked at \(looks) times: "
            + ends.joined(separator: ", ")
    }
}

/// What the venue has of an algorithm's orders.
private struct AlgoExposure {
    var bought = Quantity.zero
    var sold = Quantity.zero
    var openBuys = Quantity.zero
    var openSells = Quantity.zero
    var orders = 0

    /// What may come to be traded, or of a scalper held, beyond what was given; not above zero.
    func excess(_ kind: Algorithms.AlgoKind, _ total: Quantity) -> Quantity {
        if kind == .scalper {
            return max(bought - sold + openBuys, sold - bought + openSells) - total
        }
        return bought + sold + openBuys + openSells - total
    }
}

extension SimulatedWorld {
    /// One algorithm of each kind for each account, faults for `running`, and time to settle. At each
    /// look what is open or in doubt of an algorithm must not exceed what it has left.
    package func runAlgos(faults: SimulationFaults, running: Interval = .seconds(75)) -> AlgoStory {
        start()
        var story = AlgoStory()
        let wanted = wantedAlgos()
        for (id, body) in wanted {
            ask("start-\(id)", .algoStart, body)
            time.run(until: time.now + .milliseconds(300))
        }
        time.run(until: time.now + .seconds(2))
        story.started = wanted.count { server.data.hashes[keys.algo($0.id)] != nil }
        time.faults = faults
        isBreaking = true
        keepBreaking()
        let end = time.now + running
        while time.now < end {
            time.run(until: time.now + .milliseconds(250))
            look(wanted, &story)
        }
        isBreaking = false
        time.faults.heal()
        time.run(until: time.now + .seconds(60))
        // Some wait for a person.
        for id in (server.data.sets[keys.algos] ?? []).sorted() {
            ask("stop-\(id)", .algoStop, AlgoNameBody(algo: id).body)
        }
        time.run(until: time.now + .seconds(30))
        look(wanted, &story)
        audit(wanted, &story)
        return story
    }

    private func wantedAlgos() -> [(id: String, body: [String: String])] {
        accounts.enumerated().flatMap { place, account in
            let market = venue.desk.markets[place % venue.desk.markets.count]
            let step = market.listing.instrument.step
            let quantity = Money.whole(3_000).divided(by: market.mark, .down).down(to: step)
            let low = market.mark.scaled(by: Ratio(units: 999_700_000_000), .down)
            let lowest = market.mark.scaled(by: Ratio(units: 997_000_000_000), .down)
            let side = place % 2 == 0 ? "BUY" : "SELL"
            let common = [
                "account": account.name, "symbol": market.symbol.name, "qty": quantity.text,
                "duration_s": "60",
            ]
            let own: [[String: String]] = [
                ["kind": "chase", "side": side, "offset_ticks": "2", "finish": "market"],
                ["kind": "twap", "side": side, "slices": "10", "finish": "market"],
                [
                    "kind": "scale", "side": "BUY", "orders": "6", "from": low.text,
                    "to": lowest.text, "finish": "market",
                ],
                [
                    "kind": "scalper", "layers": "3", "base_bps": "1", "max_bps": "6",
                    "backoff_ms": "300", "finish": "flatten",
                ],
            ]
            return own.map { own in
                let id = "\(own["kind"] ?? "")-\(account.name)"
                return (id, own.merging(common) { $1 }.merging(["id": id]) { $1 })
            }
        }
    }

    private func exposure(_ kind: Algorithms.AlgoKind, _ body: [String: String]) -> AlgoExposure {
        var exposure = AlgoExposure()
        guard let account = body["account"].flatMap({ AccountID($0) }),
            let code = server.data.hashes[keys.account(account)]?["code"],
            let symbol = body["symbol"].flatMap({ Symbol($0) })
        else { return exposure }
        // Only a scalper closes at its end here.
        let origins: [Trading.OrderOrigin] = kind == .scalper ? [kind.origin, .flatten] : [kind.origin]
        let prefixes = origins.map { "PMS\(code)_\($0.rawValue)_" }
        for order in venue.desk.orders(symbol, since: 0)
        where prefixes.contains(where: { order.clientOrderID.hasPrefix($0) }) {
            exposure.orders += 1
            let left = order.isOpen ? order.quantity - order.executed : .zero
            switch order.side {
            case .buy:
                exposure.bought += order.executed
                exposure.openBuys += left
            case .sell:
                exposure.sold += order.executed
                exposure.openSells += left
            }
        }
        return exposure
    }

    /// Overfill is impossible: not at the venue, and not by what a saved state has committed.
    private func look(_ wanted: [(id: String, body: [String: String])], _ story: inout AlgoStory) {
        story.looks += 1
        for (id, body) in wanted {
            guard let kind = Algorithms.AlgoKind(rawValue: body["kind"] ?? ""),
                let total = Quantity(text: body["qty"] ?? "")
            else { continue }
            let exposure = exposure(kind, body)
            if exposure.excess(kind, total).isPositive {
                story.violations.append("\(id): \(exposure) of \(total)")
            }
            if let problem = committed(id) { story.violations.append(problem) }
        }
    }

    /// Of each lot: filled and still to be executed, at most what it has.
    private func committed(_ id: String) -> String? {
        guard let text = server.data.hashes[keys.algo(id)]?["state"], !text.isEmpty else {
            return nil
        }
        guard let state = try? JSONValue.parse(Array(text.utf8)) else {
            return "\(id): its state is unreadable"
        }
        var used = (state["lots"]?.elements ?? []).map { $0[1]?.decimalUnits ?? 0 }
        for child in state["children"]?.elements ?? [] {
            guard let lot = child["lot"]?.integer.map({ Int($0) }), used.indices.contains(lot)
            else { return "\(id): an order of no lot" }
            let left = (child["qty"]?.decimalUnits ?? 0) - (child["executed"]?.decimalUnits ?? 0)
            used[lot] += max(0, left)
        }
        for (lot, units) in used.enumerated()
        where units > state["lots"]?.elements?[lot][0]?.decimalUnits ?? 0 {
            return "\(id): lot \(lot) is committed beyond what it has: \(text)"
        }
        return nil
    }

    private func audit(_ wanted: [(id: String, body: [String: String])], _ story: inout AlgoStory) {
        for id in server.data.sets[keys.algos] ?? [] { story.violations.append("\(id) still runs") }
        for (id, body) in wanted {
            guard let kind = Algorithms.AlgoKind(rawValue: body["kind"] ?? ""),
                let record = server.data.hashes[keys.algo(id)]
            else { continue }
            story.ends["\(record["status"] ?? "") \(record["reason"] ?? "")", default: 0] += 1
            let exposure = exposure(kind, body)
            story.orders += exposure.orders
            let traded = exposure.bought + exposure.sold
            story.traded += traded.isPositive ? 1 : 0
            if (exposure.openBuys + exposure.openSells).isPositive {
                story.violations.append("\(id): orphans, \(exposure)")
            }
            if record["filled"] != traded.text {
                story.violations.append(
                    "\(id): says \(record["filled"] ?? "nothing") of \(exposure)")
            }
        }
        for (id, count) in venue.acceptances.sorted(by: { $0.key < $1.key }) where count > 1 {
            story.violations.append("\(id) was accepted \(count) times")
        }
    }
}
