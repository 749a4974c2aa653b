internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

/// Reads what faults are asked for, and says all that is wrong with it at once.
package enum FaultReader {
    /// A day: nothing is delayed or lasts longer.
    private static let longest: Int64 = 86_400_000

    /// Reads one fault, an array of them, or `{"faults":[…]}`.
    ///
    /// - Parameter exchanges: the names a target may have.
    /// - Returns: the faults, or all problems where there is any.
    package static func read(
        _ body: [UInt8], exchanges: [String]
    ) -> Result<[FaultSpec], FaultProblems> {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            return .failure(
                FaultProblems(
                    list: [
                        FaultProblem("body", "not JSON: \(error)", "give {\"kind\":\"…\", …}")
                    ]))
        }
        let isWrapped = value["faults"] != nil && value["kind"] == nil
        let list = value.elements ?? (isWrapped ? value["faults"]?.elements : nil) ?? [value]
        var problems: [FaultProblem] = []
        var specs: [FaultSpec] = []
        if isWrapped, value["faults"]?.elements == nil {
            problems.append(FaultProblem("faults", "not an array", "give [{\"kind\":\"…\"}, …]"))
        }
        if list.isEmpty || list.count > FaultPlan.limit {
            problems.append(
                FaultProblem("faults", "\(list.count) faults", "give 1 to \(FaultPlan.limit)"))
        }
        for (index, value) in list.enumerated() where problems.count < 100 {
            var fields = FaultFields(value, place: "faults[\(index)]")
            let spec = spec(&fields, exchanges)
            problems += fields.finish()
            if let spec { specs.append(spec) }
        }
        return problems.isEmpty ? .success(specs) : .failure(FaultProblems(list: problems))
    }

    private static func spec(_ fields: inout FaultFields, _ exchanges: [String]) -> FaultSpec? {
        let kind = fields.choice("kind", required: true, FaultKind.self)
        let target = target(&fields, exchanges)
        let probability: Ratio? = fields.decimal("probability", "0", "1")
        let count = fields.integer("count", 1...1_000_000_000)
        let duration = fields.integer("duration_ms", 1...longest)
        let seed = fields.integer("seed", 0...Int64.max)
        guard let kind, let action = action(kind, &fields) else { return nil }
        var spec = FaultSpec(kind, action)
        spec.target = target
        spec.probability = probability ?? .one
        spec.count = count
        spec.duration = duration.map { .milliseconds($0) }
        spec.seed = seed.map { UInt64($0) }
        if action.isImmediate {
            for (name, isGiven) in [
                ("probability", probability != nil), ("count", count != nil),
                ("duration_ms", duration != nil), ("seed", seed != nil),
            ] where isGiven {
                fields.complain(
                    name, "not for \(kind.rawValue): it is done once, at once", "leave it out")
            }
        }
        return spec
    }

    private static func target(_ fields: inout FaultFields, _ exchanges: [String]) -> FaultTarget {
        var target = FaultTarget()
        guard let value = fields.raw("target") else { return target }
        var parts = FaultFields(value, place: fields.place + ".target")
        target.exchange = parts.text("exchange")
        if let name = target.exchange, !exchanges.contains(name) {
            parts.complain(
                "exchange", "unknown: \(name)",
                "give one of: \(exchanges.joined(separator: ", "))")
        }
        target.method = parts.text("method")
        target.path = parts.text("path").map { FaultPattern($0) }
        target.symbol = parts.symbol(required: false)?.name
        target.stream = parts.text("stream").map { FaultPattern($0) }
        target.key = parts.text("key")
        target.clientIDPrefix = parts.text("client_id_prefix", most: 36)
        fields.take(over: parts.finish())
        return target
    }

    // MARK: actions

    private static func action(_ kind: FaultKind, _ fields: inout FaultFields) -> FaultAction? {
        switch kind {
        case .delay, .answer, .unavailable, .html, .timeout, .disconnect, .tooManyRequests, .ban,
            .reject, .fillThenCancel:
            requestAction(kind, &fields)
        case .duplicateEvents: .duplicate(copies: Int(fields.integer("copies", 2...100) ?? 2))
        case .reorderEvents: .reorder
        case .delayEvents: fields.integer("ms", 1...longest, required: true).map {
            .hold(.milliseconds($0))
        }
        case .dropEvents, .freeze: .lose
        case .corruptFrames: .corrupt
        case .truncateFrames: .truncate
        case .refuseSockets: .refuseSockets
        case .closeSockets:
            .closeSockets(
                code: UInt16(clamping: fields.integer("code", 1_000...4_999) ?? 1_001),
                isAbrupt: fields.flag("abrupt") ?? false)
        case .skewClock: fields.integer("ms", -longest...longest, required: true).map {
            .skew(.milliseconds($0))
        }
        case .expireListenKeys, .trade, .strangerOrder, .shiftPosition, .transfer, .setState,
            .setStep,
            .movePrice, .fund, .liquidate, .deleverage:
            operation(kind, &fields).map { .operate($0) }
        }
    }

    private static func requestAction(
        _ kind: FaultKind, _ fields: inout FaultFields
    ) -> FaultAction? {
        func time() -> Interval { .milliseconds(fields.integer("ms", 0...longest) ?? 0) }
        func moment() -> FaultMoment { fields.choice("moment", FaultMoment.self) ?? .before }
        switch kind {
        case .delay:
            let time = fields.integer("ms", 1...longest, required: true)
            let jitter = fields.integer("jitter_ms", 0...longest) ?? 0
            let moment = moment()
            return time.map {
                .delay(.milliseconds($0), jitter: .milliseconds(jitter), moment)
            }
        case .answer:
            let status = fields.integer("status", 200...599, required: true)
            let code = fields.integer("code", -1_000_000...1_000_000) ?? -1_000
            let message = fields.text("message", most: 1_000) ?? "Unknown error."
            let retry = fields.integer("retry_after", 0...86_400)
            let (time, moment) = (time(), moment())
            return status.map {
                .answer(
                    CannedAnswer(
                        status: Int($0), code: code, message: message, retryAfterSeconds: retry),
                    after: time, moment)
            }
        case .unavailable:
            let text = fields.choice("text", CannedAnswer.Unavailable.self) ?? .unknown
            return .answer(.unavailable(text), after: time(), moment())
        case .html:
            let status = fields.integer("status", 403...502) ?? 403
            if status != 403, status != 502 {
                fields.complain("status", "no page for \(status)", "give 403 or 502")
            }
            let page = status == 403 ? CannedAnswer.firewall : .badGateway
            return .answer(page, after: .zero, moment())
        case .timeout: return .answer(.timeout, after: time(), moment())
        case .disconnect: return .disconnect(after: time(), moment())
        case .tooManyRequests:
            let seconds = fields.integer("retry_after", 0...86_400) ?? 10
            return .answer(.tooManyRequests(seconds), after: .zero, .before)
        case .ban:
            let length = fields.integer("ms", 1...longest * 3) ?? 120_000
            return .answer(.banned(.milliseconds(length)), after: .zero, .before)
        case .reject:
            let code = fields.integer("code", -1_000_000...1_000_000, required: true)
            let message = fields.text("message", most: 1_000) ?? "Order rejected."
            let status = fields.integer("status", 400...599) ?? 400
            return code.map {
                .answer(
                    CannedAnswer(status: Int(status), code: $0, message: message), after: .zero,
                    .before)
            }
        case .fillThenCancel:
            let parts = fields.integer("parts", 1...100) ?? 2
            let share: Ratio? = fields.decimal("share", "0.000001", "1")
            return .fillThenCancel(
                parts: Int(parts), share: share ?? Ratio(units: 500_000_000_000))
        case _: preconditionFailure("only faults of requests are read here")
        }
    }

    private static func operation(
        _ kind: FaultKind, _ fields: inout FaultFields
    ) -> ExchangeOperation? {
        switch kind {
        case .expireListenKeys: return .expireListenKeys
        case .liquidate: return .liquidate
        case .fund: return .fund(fields.symbol(required: false))
        case .deleverage: return fields.symbol().map { .deleverage($0) }
        case .trade, .strangerOrder:
            let symbol = fields.symbol()
            let side = fields.choice("side", required: true, Side.self)
            let quantity: Quantity? = fields.decimal(
                "quantity", "0.000000000001", "1000000000", required: true)
            let price: Price? = fields.decimal("price", "0.000000000001", "1000000000")
            guard let symbol, let side, let quantity else { return nil }
            return kind == .trade
                ? .trade(symbol, side, quantity, price: price)
                : .strangerOrder(symbol, side, quantity, price: price)
        case .shiftPosition:
            let symbol = fields.symbol()
            let quantity: Quantity? = fields.decimal(
                "quantity", "-1000000000", "1000000000", required: true)
            guard let symbol, let quantity else { return nil }
            return .shift(symbol, by: quantity)
        case .transfer:
            let asset = fields.text("asset", required: true, most: 20)
            let quantity: Quantity? = fields.decimal(
                "quantity", "-1000000000", "1000000000", required: true)
            guard let asset, let quantity else { return nil }
            return .transfer(asset: asset, by: quantity)
        case .setState:
            let symbol = fields.symbol()
            let state = fields.choice("state", required: true, ListingState.self)
            guard let symbol, let state else { return nil }
            return .setState(symbol, state)
        case .setStep:
            let symbol = fields.symbol()
            let step: Quantity? = fields.decimal(
                "step", "0.000000000001", "1000000", required: true)
            guard let symbol, let step else { return nil }
            return .setStep(symbol, step)
        case .movePrice:
            let symbol = fields.symbol()
            let percent: Ratio? = fields.decimal("percent", "-99", "900", required: true)
            let time = fields.integer("ms", 0...longest) ?? 0
            guard let symbol, let percent else { return nil }
            return .move(
                symbol, by: Ratio(units: percent.units / 100), over: .milliseconds(time))
        case _: preconditionFailure("only operations are read here")
        }
    }
}

/// All that is wrong with one request.
package struct FaultProblems: Error, Equatable, Sendable {
    package let list: [FaultProblem]
}
