import Bytes
package import Chronology
package import Trading

/// The state of an algorithm as text, from which it goes on after a restart.
extension AlgoMachine {
    /// Counts up whenever an older build could misread what this one writes. An older one knows nothing
    /// of coins that were kept as fees (3), or of fees of one order in several other assets (4): only where
    /// there are any is it told so.
    package static let stateVersion: Int64 = 4

    var keepsCoins: Bool { !progress.kept.isZero }

    private var neededVersion: Int64 {
        if book.children.contains(where: { $0.others.count > 1 }) { return 4 }
        return keepsCoins ? 3 : 2
    }

    /// The state as one JSON object; times are counted from the start of the algorithm.
    package func stateText(now: Instant) -> String {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.field("v", neededVersion)
        writer.field("status", status.rawValue)
        writer.field("reason", reason)
        writer.field("detail", detail)
        writer.field("elapsed_ms", (now - startedAt).milliseconds)
        writer.field("next", book.nextNumber)
        writer.field("failed", hasFailed)
        if let ending {
            writer.key("ending" as StaticString)
            writer.beginArray()
            writer.value(ending.mode.rawValue)
            writer.value(ending.reason)
            writer.endArray()
        }
        if let closingLot { writer.field("closing_lot", Int64(closingLot)) }
        writeProgress(into: &writer)
        writeBook(into: &writer)
        writer.key("slice" as StaticString)
        writer.beginArray()
        writer.value(Int64(slicing.due))
        writer.value(units: slicing.filledBefore.units)
        writer.value(Int64(slicing.placedFor))
        writer.endArray()
        writeRungs(into: &writer)
        writeSlots(now, into: &writer)
        writer.endObject()
        return writer.text
    }

    private func writeProgress(into writer: inout JSONWriter) {
        writer.field("arrival", units: progress.arrival.units)
        writer.field("bought", units: progress.bought.units)
        writer.field("sold", units: progress.sold.units)
        writer.field("bought_for", units: progress.boughtFor.units)
        writer.field("sold_for", units: progress.soldFor.units)
        writer.field("fees", units: progress.fees.units)
        if keepsCoins { writer.field("kept", units: progress.kept.units) }
        if !progress.otherFees.isEmpty {
            writer.key("other_fees" as StaticString)
            writer.beginArray()
            for (asset, amount) in progress.otherFees.sorted(by: { $0.key < $1.key }) {
                writer.beginArray()
                writer.value(asset)
                writer.value(units: amount.units)
                writer.endArray()
            }
            writer.endArray()
        }
        writer.field("placed", progress.placed)
        writer.field("moved", progress.moved)
        writer.field("refused", progress.refused)
    }

    private func writeBook(into writer: inout JSONWriter) {
        writer.key("lots" as StaticString)
        writer.beginArray()
        for lot in book.lots {
            writer.beginArray()
            writer.value(units: lot.total.units)
            writer.value(units: lot.filled.units)
            writer.endArray()
        }
        writer.endArray()
        writer.key("children" as StaticString)
        writer.beginArray()
        for child in book.children { write(child, into: &writer) }
        writer.endArray()
    }

    private func write(_ child: ChildOrder, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("n", child.number)
        writer.field("lot", Int64(child.lot))
        writer.field("side", child.side.rawValue)
        writer.field("type", child.type.rawValue)
        writer.field("tif", child.timeInForce.rawValue)
        writer.field("qty", units: child.quantity.units)
        if let price = child.price { writer.field("price", units: price.units) }
        writer.field("reduce", child.isReduceOnly)
        writer.field("executed", units: child.executed.units)
        writer.field("notional", units: child.notional.units)
        writer.field("fees", units: child.fees.units)
        if !child.kept.isZero { writer.field("kept", units: child.kept.units) }
        write(child.others, into: &writer)
        writer.endObject()
    }
}

extension AlgoMachine {
    /// The amount alone is what an older build knows.
    private func write(_ others: [String: Quantity], into writer: inout JSONWriter) {
        if others.isEmpty { return }
        if others.count == 1, let amount = others.values.first {
            writer.field("other", units: amount.units)
        }
        writer.key("others" as StaticString)
        writer.beginArray()
        for (asset, amount) in others.sorted(by: { $0.key < $1.key }) {
            writer.beginArray()
            writer.value(asset)
            writer.value(units: amount.units)
            writer.endArray()
        }
        writer.endArray()
    }
}

/// Why a saved state is not taken up.
package struct AlgoStateProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension AlgoMachine {
    /// An algorithm read from its saved state. What it had open is in doubt until it is reported.
    ///
    /// - Parameter downtime: how long ago the state was written; its clock has run on.
    package init(
        restoring text: String, id: String, parameters: AlgoParameters, rules: Instrument,
        venue: AlgoVenue, downtime: Interval, now: Instant
    ) throws(AlgoStateProblem) {
        self.init(id: id, parameters: parameters, rules: rules, venue: venue, now: now)
        guard let state = try? JSONValue.parse(Array(text.utf8)) else {
            throw AlgoStateProblem("its state is not JSON: stop it by hand and look at its orders")
        }
        let version = state["v"]?.integer ?? 0
        guard (1...AlgoMachine.stateVersion).contains(version) else {
            throw AlgoStateProblem(
                "its state has version \(version), and this build reads 1 to "
                    + "\(AlgoMachine.stateVersion): run the build that wrote it, or stop it")
        }
        do throws(JSONError) {
            try read(state, now - downtime)
        } catch {
            throw AlgoStateProblem("its state is damaged: \(error.description)")
        }
        // Version 1 gave the orders that close other names.
        if version == 1, let closingLot, book.child(inLot: closingLot) != nil {
            throw AlgoStateProblem(
                "an older build left it closing what it held: look at the position, and stop it")
        }
        hold = .recovery()
        urgency = .now
    }

    private mutating func read(_ state: JSONValue, _ savedAt: Instant) throws(JSONError) {
        status = try state.field("status") { $0.text.flatMap(AlgoStatus.init(rawValue:)) }
        reason = try state.field("reason", \.text)
        detail = try state.field("detail", \.text)
        startedAt = savedAt - .milliseconds(try state.field("elapsed_ms", \.integer))
        hasFailed = try state.field("failed", \.boolean)
        if let wish = state["ending"] {
            ending = try Ending(wish)
        }
        closingLot = state["closing_lot"]?.integer.map { Int($0) }
        try readProgress(state)
        var lots: [Allotment] = []
        for lot in try state.field("lots", \.elements) {
            lots.append(
                Allotment(
                    total: Quantity(units: try lot.decimal(0)),
                    filled: Quantity(units: try lot.decimal(1))))
        }
        var children: [ChildOrder] = []
        for child in try state.field("children", \.elements) {
            let child = try ChildOrder(child)
            guard lots.indices.contains(child.lot) else {
                throw JSONError(.wrongType, offset: 0, field: "lot")
            }
            children.append(child)
        }
        guard !lots.isEmpty, closingLot.map({ lots.indices.contains($0) }) ?? true else {
            throw JSONError(.wrongType, offset: 0, field: "lots")
        }
        book = ChildBook(
            restoring: children, lots: lots, nextNumber: try state.field("next", \.integer))
        try readRungs(state)
        try readSlots(state, savedAt)
        let slice = try state.field("slice")
        slicing = SliceState(
            due: Int(try slice.whole(0)), filledBefore: Quantity(units: try slice.decimal(1)),
            placedFor: Int(try slice.whole(2)))
    }

    private mutating func readProgress(_ state: JSONValue) throws(JSONError) {
        progress.arrival = Price(units: try state.field("arrival", \.decimalUnits))
        progress.bought = Quantity(units: try state.field("bought", \.decimalUnits))
        progress.sold = Quantity(units: try state.field("sold", \.decimalUnits))
        progress.boughtFor = Money(units: try state.field("bought_for", \.decimalUnits))
        progress.soldFor = Money(units: try state.field("sold_for", \.decimalUnits))
        progress.fees = Money(units: try state.field("fees", \.decimalUnits))
        progress.kept = Quantity(units: state["kept"]?.decimalUnits ?? 0)
        for fee in state["other_fees"]?.elements ?? [] {
            guard let asset = fee[0]?.text else {
                throw JSONError(.wrongType, offset: 0, field: "other_fees")
            }
            progress.otherFees[asset] = Quantity(units: try fee.decimal(1))
        }
        progress.placed = try state.field("placed", \.integer)
        progress.moved = try state.field("moved", \.integer)
        progress.refused = try state.field("refused", \.integer)
    }
}

extension AlgoMachine.Ending {
    fileprivate init(_ value: JSONValue) throws(JSONError) {
        guard let mode = value[0]?.text.flatMap(Mode.init(rawValue:)), let reason = value[1]?.text
        else { throw JSONError(.wrongType, offset: 0, field: "ending") }
        self.init(mode: mode, reason: reason)
    }
}

extension ChildOrder {
    fileprivate init(_ value: JSONValue) throws(JSONError) {
        self.init(
            number: try value.field("n", \.integer), lot: Int(try value.field("lot", \.integer)),
            side: try value.field("side") { $0.text.flatMap(Side.init(rawValue:)) },
            type: try value.field("type") { $0.text.flatMap(OrderType.init(rawValue:)) },
            timeInForce: try value.field("tif") { $0.text.flatMap(TimeInForce.init(rawValue:)) },
            quantity: Quantity(units: try value.field("qty", \.decimalUnits)),
            price: value["price"]?.decimalUnits.map { Price(units: $0) },
            isReduceOnly: try value.field("reduce", \.boolean), phase: .unknown,
            executed: Quantity(units: try value.field("executed", \.decimalUnits)),
            notional: Money(units: try value.field("notional", \.decimalUnits)),
            fees: Money(units: try value.field("fees", \.decimalUnits)), movedAt: .distantPast)
        kept = Quantity(units: value["kept"]?.decimalUnits ?? 0)
        if value["others"] == nil, let amount = value["other"]?.decimalUnits {
            others[""] = Quantity(units: amount)
        }
        for fee in value["others"]?.elements ?? [] {
            guard let asset = fee[0]?.text else {
                throw JSONError(.wrongType, offset: 0, field: "others")
            }
            others[asset] = Quantity(units: try fee.decimal(1))
        }
    }
}

extension JSONValue {
    /// A decimal in an array.
    func decimal(_ index: Int) throws(JSONError) -> Int128 {
        guard let units = self[index]?.decimalUnits else {
            throw JSONError(.wrongType, offset: 0, field: "\(index)")
        }
        return units
    }

    /// A whole number in an array.
    func whole(_ index: Int) throws(JSONError) -> Int64 {
        guard let number = self[index]?.integer else {
            throw JSONError(.wrongType, offset: 0, field: "\(index)")
        }
        return number
    }
}
