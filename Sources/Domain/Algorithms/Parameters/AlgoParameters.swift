package import Chronology
package import Trading

/// What an algorithm was asked to do: checked, defaults filled in.
package struct AlgoParameters: Equatable, Sendable {
    /// What is peculiar to the kind.
    package enum Plan: Equatable, Sendable {
        case chase(ChasePlan)
        case twap(TwapPlan)
        case scale(ScalePlan)
        case scalper(ScalperPlan)
    }

    package let kind: AlgoKind
    package let account: AccountID
    package let symbol: Symbol
    package let isReduceOnly: Bool
    package let restart: RestartPolicy
    package let maximumDowntime: Interval
    package let plan: Plan
    /// All parameters as they were checked, by name.
    package let texts: [String: String]

    /// Checks the texts of a command or a record; throws all that is wrong with them at once.
    package init(_ kind: AlgoKind, _ given: [String: String]) throws(ParameterFaults) {
        let values = try ParameterValues(given, AlgoParameters.table(kind))
        self.kind = kind
        account = values.account("account")
        symbol = values.symbol("symbol")
        restart = values.choice("restart")
        maximumDowntime = .seconds(values.whole("max_downtime_s"))
        switch kind {
        case .chase: plan = .chase(ChasePlan(values))
        case .twap: plan = .twap(TwapPlan(values))
        case .scale: plan = .scale(ScalePlan(values))
        case .scalper: plan = .scalper(ScalperPlan(values))
        }
        // A scalper opens by its nature.
        isReduceOnly = kind == .scalper ? false : values.flag("reduce_only")
        texts = Dictionary(values.texts.map { ($0.name, $0.text) }) { _, last in last }
        let faults = contradictions
        guard faults.isEmpty else { throw ParameterFaults(all: faults) }
    }

    /// The parameters of a kind, in the order in which they are explained.
    package static func table(_ kind: AlgoKind) -> [ParameterSpec] {
        switch kind {
        case .chase: subject + sided + ChasePlan.table + reducing + common
        case .twap: subject + sided + TwapPlan.table + reducing + common
        case .scale: subject + sided + ScalePlan.table + reducing + common
        case .scalper: subject + ScalperPlan.table + common
        }
    }

    private static let subject: [ParameterSpec] = [
        .init("account", .account, nil, "-", "the book that trades"),
        .init("symbol", .symbol, nil, "-", "what is traded"),
    ]

    private static let sided: [ParameterSpec] = [
        .init("side", .side, nil, "-", "which way it trades"),
        .init("qty", .quantity, nil, "base asset", "how much it trades in all"),
    ]

    private static let reducing: [ParameterSpec] = [
        .init(
            "reduce_only", .flag, "0", "-",
            "only reduces the book's position; goes on when new risk is refused")
    ]

    private static let common: [ParameterSpec] = [
        .init(
            "restart", .choice(RestartPolicy.allCases.map(\.rawValue)), "resume", "-",
            "what becomes of it when the gateway comes back after a stop or crash"),
        .init(
            "max_downtime_s", .whole(1...604_800), "600", "seconds",
            "after a longer absence of the gateway it pauses, whatever restart says"),
    ]

    /// Its side and quantity; of a scalper those of one leg.
    package var goal: (side: Side, quantity: Quantity) {
        switch plan {
        case .chase(let plan): (plan.side, plan.quantity)
        case .twap(let plan): (plan.side, plan.quantity)
        case .scale(let plan): (plan.side, plan.quantity)
        case .scalper(let plan): (plan.legs.sides[0], plan.quantity)
        }
    }

    private var contradictions: [ParameterFault] {
        switch plan {
        case .chase, .twap: return []
        case .scale(let plan):
            guard plan.orders > 1, plan.from == plan.to else { return [] }
            return [ParameterFault("to", .contradiction, "several rungs at one price")]
        case .scalper(let plan):
            guard plan.layers > 1, plan.maximum <= plan.base else { return [] }
            return [
                ParameterFault(
                    "max_bps", .contradiction,
                    "the farthest layer is beyond the nearest: \(plan.maximum) is not above "
                        + "\(plan.base)")
            ]
        }
    }

    /// What the instrument and the venue do not admit of it; empty where all is well.
    /// - Parameter isMargined: whether the venue lets a position be short.
    package func faults(at rules: Instrument, isMargined: Bool) -> [ParameterFault] {
        var faults: [ParameterFault] = []
        let total = goal.quantity
        if !total.isMultiple(of: rules.step) {
            faults.append(ParameterFault("qty", .unfit, "not a multiple of \(rules.step): \(total)"))
        }
        switch plan {
        case .chase:
            if rules.quantised(total, type: .limit).isZero {
                faults.append(tooSmall("qty", rules))
            }
        case .twap(let plan):
            let slice = Quantity(units: total.units / Int128(plan.slices))
            let type: OrderType = plan.style == .market ? .market : .limit
            if rules.quantised(slice, type: type).isZero {
                faults.append(tooSmall("slices", rules))
            }
        case .scale(let plan):
            if let rungs = plan.rungs(at: rules) {
                let least = rungs.map { $0.price.times($0.quantity, .down) }.min() ?? .zero
                if least < rules.minimumNotional, !isReduceOnly {
                    faults.append(
                        ParameterFault(
                            "orders", .unfit,
                            "a rung is worth \(least), below \(rules.minimumNotional)"))
                }
            } else {
                faults.append(tooSmall("orders", rules))
            }
        case .scalper(let plan):
            if plan.sizes(at: rules) == nil { faults.append(tooSmall("layers", rules)) }
            if !isMargined, plan.legs != .long {
                faults.append(ParameterFault("legs", .unfit, "this venue has no short positions"))
            }
        }
        return faults
    }

    private func tooSmall(_ name: String, _ rules: Instrument) -> ParameterFault {
        ParameterFault(
            name, .unfit,
            "an order would be below the minimum of \(rules.symbol), \(rules.minimumQuantity) in "
                + "steps of \(rules.step)")
    }
}
