import Bytes
import Chronology
import Trading

/// The rungs of a scale and the slots of a scalper, as text.
extension AlgoMachine {
    func writeRungs(into writer: inout JSONWriter) {
        guard case .scale = parameters.plan else { return }
        writer.key("rungs" as StaticString)
        writer.beginArray()
        for rung in rungs {
            writer.beginArray()
            writer.value(units: rung.price.units)
            writer.value(units: rung.quantity.units)
            writer.value(Int64(rung.tries))
            writer.value(rung.code)
            writer.endArray()
        }
        writer.endArray()
    }

    mutating func readRungs(_ state: JSONValue) throws(JSONError) {
        guard case .scale = parameters.plan else { return }
        rungs = []
        for value in try state.field("rungs", \.elements) {
            var rung = Rung(
                price: Price(units: try value.decimal(0)),
                quantity: Quantity(units: try value.decimal(1)))
            rung.tries = Int(try value.whole(2))
            rung.code = value[3]?.text ?? ""
            rungs.append(rung)
        }
        guard rungs.isEmpty || rungs.count <= book.lots.count else {
            throw JSONError(.wrongType, offset: 0, field: "rungs")
        }
    }

    func writeSlots(_ now: Instant, into writer: inout JSONWriter) {
        guard case .scalper = parameters.plan else { return }
        writer.key("slots" as StaticString)
        writer.beginArray()
        for slot in slots {
            writer.beginArray()
            for money in [slot.cost, slot.cash, slot.realised, slot.average] {
                writer.value(units: money.units)
            }
            writer.value(units: slot.width.units)
            writer.value(slot.rounds)
            writer.value(Int64(slot.level))
            // Pauses by what is left of them; how long ago the last fill was.
            writer.value(max(0, (slot.waitUntil - now).milliseconds))
            writer.value(max(0, (slot.pausedUntil - now).milliseconds))
            writer.value(slot.filledAt == .distantPast ? -1 : (now - slot.filledAt).milliseconds)
            if keepsCoins { writer.value(units: slot.kept.units) }
            writer.endArray()
        }
        writer.endArray()
    }

    mutating func readSlots(_ state: JSONValue, _ savedAt: Instant) throws(JSONError) {
        guard case .scalper = parameters.plan else { return }
        let values = try state.field("slots", \.elements)
        guard values.count == slots.count, book.lots.count >= slots.count * 2 else {
            throw JSONError(.wrongType, offset: 0, field: "slots")
        }
        for (index, value) in values.enumerated() {
            slots[index].cost = Money(units: try value.decimal(0))
            slots[index].cash = Money(units: try value.decimal(1))
            slots[index].realised = Money(units: try value.decimal(2))
            slots[index].average = Money(units: try value.decimal(3))
            slots[index].width = Ratio(units: try value.decimal(4))
            slots[index].rounds = try value.whole(5)
            slots[index].level = min(4, max(0, Int(try value.whole(6))))
            slots[index].waitUntil = savedAt + .milliseconds(try value.whole(7))
            slots[index].pausedUntil = savedAt + .milliseconds(try value.whole(8))
            if value[10] != nil { slots[index].kept = Quantity(units: try value.decimal(10)) }
            let ago = try value.whole(9)
            if ago >= 0 { slots[index].filledAt = savedAt - .milliseconds(ago) }
        }
    }
}
