import Bounded
import Chronology
import Orders
import Testing
import Trading

@testable import OrderGatewayService

/// How orders become calls, and what is sent again.
@Suite struct OrderDispatchTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)
    private static let limits = OrderDispatch.Limits(ordersPerBatch: 5, cancelsPerBatch: 10)

    private var dispatch = OrderDispatch(limits: OrderDispatchTests.limits)
    private var random = SplitMix64(seed: 7)

    private func intent(_ number: Int, _ origin: OrderOrigin = .manual) -> OrderIntent {
        OrderIntent(
            clientOrderID: .derive(account: DeskBench.code, origin: origin, intent: "r\(number)"),
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .limit,
            timeInForce: .goodTillCancel, quantity: .one, price: .whole(100), isReduceOnly: false)
    }

    @Test("B2a: full batches go together, what is left over goes one by one, cancels go first")
    mutating func groups() {
        let intents = (0..<7).map { intent($0) }
        for intent in intents { dispatch.orderWanted(intent, now: Self.start) }
        let symbols = [DeskBench.symbol, Symbol("ETHUSDT")!]
        for number in 0..<12 { dispatch.cancelWanted(intents[0].clientOrderID, symbols[number / 11]) }
        let actions = dispatch.flush(now: Self.start)
        let id = intents[0].clientOrderID
        #expect(
            actions == [
                .call(.cancelTogether(Array(repeating: id, count: 10), symbols[0])),
                .call(.cancel(id, symbols[0])), .call(.cancel(id, symbols[1])),
                .call(.placeTogether(Array(intents[0..<5]))), .call(.place(intents[5])),
                .call(.place(intents[6])),
            ])
        #expect(dispatch.flush(now: Self.start).isEmpty)
    }

    @Test("B2a: MEXC's batches are of one symbol, of two orders or more, and not twice in half a second")
    mutating func groupsOfOneSymbol() {
        var limits = OrderDispatch.Limits(ordersPerBatch: 20, cancelsPerBatch: 1)
        limits.fewestPerBatch = 2
        limits.batchesOneSymbol = true
        limits.batchPause = .milliseconds(600)
        dispatch = OrderDispatch(limits: limits)
        func intents(_ numbers: Range<Int>, _ symbol: String) -> [OrderIntent] {
            numbers.map { number in
                var order = intent(number)
                order.symbol = Symbol(symbol) ?? order.symbol
                return order
            }
        }
        let (many, few) = (intents(0..<23, "QRLUSDT"), intents(30..<31, "BTCUSDT"))
        for order in few + many { dispatch.orderWanted(order, now: Self.start) }
        #expect(
            dispatch.flush(now: Self.start)
                == [.call(.placeTogether(Array(many[0..<20])))]
                + (few + many[20...]).map { .call(.place($0)) })
        // The next one within the pause goes one by one, after it together.
        for pause: Int64 in [599, 600] {
            for order in many.prefix(3) { dispatch.orderWanted(order, now: Self.start) }
            let calls = dispatch.flush(now: Self.start + .milliseconds(pause))
            #expect(calls.count == (pause == 599 ? 3 : 1))
        }
        dispatch.orderWanted(many[0], now: Self.start)
        dispatch.orderWanted(few[0], now: Self.start)
        let alone = dispatch.flush(now: Self.start + .seconds(5))
        #expect(alone == [.call(.place(many[0])), .call(.place(few[0]))])
    }

    @Test("B2a: each element is judged by itself; one that met an overload is sent again alone")
    mutating func elements() {
        let intents = (0..<5).map { intent($0) }
        let outcomes: [SendOutcome] = [
            .duplicate, .rejected(code: -2019, "margin"), .busy(code: -1008, "overload"),
            .unknown("?"), .notSent("x"),
        ]
        let actions = dispatch.placedTogether(
            intents, .elements(outcomes), now: Self.start, using: &random)
        #expect(
            actions == [0, 1, 3, 4].map { .sent(intents[$0].clientOrderID, outcomes[$0]) })
        #expect(dispatch.flush(now: Self.start + .milliseconds(219)).isEmpty)
        let again = dispatch.flush(now: Self.start + .milliseconds(300))
        #expect(again == [.call(.place(intents[2]))])
    }

    @Test("B2a S2: a batch refused as a whole goes one by one; one without an answer is not sent again")
    mutating func wholes() {
        let intents = (0..<5).map { intent($0) }
        let singles = intents.map { OrderDispatch.Action.call(.place($0)) }
        let refused = BatchOutcome<SendOutcome>.refused(code: -4082, "too many")
        #expect(
            dispatch.placedTogether(intents, refused, now: Self.start, using: &random) == singles)
        for outcome in [
            BatchOutcome<SendOutcome>.unknown("lost"), .elements([.duplicate]),
        ] {
            let actions = dispatch.placedTogether(
                intents, outcome, now: Self.start, using: &random)
            let unknowns = actions.count {
                if case .sent(_, .unknown) = $0 { true } else { false }
            }
            #expect(unknowns == 5)
        }
        #expect(dispatch.nextDeadline == nil)
    }

    @Test("B2a: cancels refused as a whole go one by one, those without an answer are asked for")
    mutating func cancels() {
        let ids = (0..<3).map { intent($0).clientOrderID }
        let symbol = DeskBench.symbol
        #expect(
            dispatch.cancelledTogether(ids, symbol, .notSent("busy"))
                == ids.map { .call(.cancel($0, symbol)) })
        #expect(
            dispatch.cancelledTogether(ids, symbol, .elements([.notFound]))
                == ids.map { .cancelled($0, .unknown) })
        #expect(
            dispatch.cancelledTogether(ids, symbol, .elements([.notFound, .unknown, .notFound]))
                == zip(ids, [.notFound, .unknown, .notFound]).map { .cancelled($0, $1) })
    }

    @Test("B1c S6: an overload is met twice more, each pause twice the last; a refusal never")
    mutating func retries() {
        let order = intent(1)
        let busy = SendOutcome.busy(code: -1015, "too many orders")
        var now = Self.start
        for pause: Int64 in [220, 440] {
            #expect(dispatch.placed(order, busy, now: now, using: &random).isEmpty)
            let due = dispatch.nextDeadline ?? .distantFuture
            #expect(due >= now + .milliseconds(pause))
            #expect(due <= now + .milliseconds(pause + 80))
            now = due
            #expect(dispatch.flush(now: now) == [.call(.place(order))])
        }
        #expect(
            dispatch.placed(order, busy, now: now, using: &random)
                == [.sent(order.clientOrderID, busy)])
        let refusal = SendOutcome.rejected(code: -2019, "margin is insufficient")
        #expect(
            dispatch.placed(order, refusal, now: now, using: &random)
                == [.sent(order.clientOrderID, refusal)])
        #expect(dispatch.nextDeadline == nil)
    }

    @Test("B1c: the orders of a ladder leave 110 ms apart, others do not wait for them")
    mutating func pace() {
        for number in 0..<3 { dispatch.orderWanted(intent(number, .scale), now: Self.start) }
        dispatch.orderWanted(intent(9), now: Self.start)
        #expect(
            dispatch.flush(now: Self.start)
                == [.call(.place(intent(9))), .call(.place(intent(0, .scale)))])
        #expect(dispatch.nextDeadline == Self.start + .milliseconds(110))
        #expect(
            dispatch.flush(now: Self.start + .milliseconds(110))
                == [.call(.place(intent(1, .scale)))])
        #expect(
            dispatch.flush(now: Self.start + .milliseconds(220))
                == [.call(.place(intent(2, .scale)))])
    }
}
