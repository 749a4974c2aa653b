import Chronology
import Orders
import Testing
import Trading

/// Stories of single orders, named by the edge cases they come from.
@Suite struct LifecycleTests {
    typealias T = LifecycleTableTests

    private func doubtful() -> OrderLifecycle { T.after(T.sent) { $0.outcomeUnknown(at: T.start) } }

    @Test("S2 S7: an unknown order ends only after three late not-found answers")
    func threeLateAnswers() {
        var order = doubtful()
        let early = T.start + .seconds(16) - .nanoseconds(1)
        for _ in 0..<5 { #expect(order.notFoundAnswered(askedAt: early) == .nothing) }
        let late = T.start + .seconds(16)
        #expect(order.notFoundAnswered(askedAt: late) == .nothing)
        #expect(order.notFoundAnswered(askedAt: late) == .nothing)
        #expect(order.isUnknown)
        #expect(order.notFoundAnswered(askedAt: late) == .finish)
        #expect(order.name == .rejected)
    }

    @Test("S1: a duplicate id on sending means that the first try is alive")
    func duplicateMeansAlive() {
        var order = T.sent
        #expect(order.duplicateReported(at: T.start) == .query)
        #expect(order.isUnknown)
        #expect(order.venueReported(T.report(.new, "0")) == .save)
        #expect(order.name == .open)
    }

    @Test("S1: the stream reports an order whose send timed out")
    func streamSettlesUnknown() {
        var order = doubtful()
        #expect(order.venueReported(T.report(.partiallyFilled, "4")) == .save)
        #expect(order.name == .partiallyFilled)
        #expect(order.executed == T.q("4"))
    }

    @Test("C1: -2011 on a filled order asks again and never frees the order for another")
    func cancelOfFilled() {
        var order = T.open
        #expect(order.cancelRequested() == .cancel)
        #expect(order.cancelRejected(.unknownOrder) == .query)
        #expect(order.name == .pendingCancel)
        #expect(order.venueReported(T.report(.filled, "10")) == .awaitFills)
        #expect(order.name == .filled)
        #expect(order.remaining.isZero)
    }

    @Test("C2: a fill during a cancel is kept, and the cancel's end counts it")
    func fillDuringCancel() {
        var order = T.open
        #expect(order.cancelRequested() == .cancel)
        #expect(order.fillReceived(trade: 5, T.q("4")) == .save)
        #expect(order.name == .pendingCancel)
        #expect(order.cancelAccepted(T.report(.canceled, "4")) == .awaitFills)
        #expect(order.fillBooked(trade: 5, total: T.q("4")) == .finish)
        #expect(order.name == .cancelled)
    }

    @Test("C2: a cancel asked for before the ack goes out with the ack")
    func cancelBeforeAck() {
        var order = T.sent
        #expect(order.cancelRequested() == .nothing)
        #expect(order.acknowledged(T.report(.new, "0")) == .cancel)
        #expect(order.name == .pendingCancel)
    }

    @Test("C2: a cancel before the intent is saved leaves the order unsent")
    func cancelBeforeSend() {
        var order = T.order
        #expect(order.cancelRequested() == .nothing)
        #expect(order.intentSaved(at: T.start) == .finish)
        #expect(order.name == .cancelled)
    }

    @Test("C4: a cancelled order that fills after all counts the fill")
    func fillAfterCancel() {
        var order = T.after(T.open) { $0.venueReported(T.report(.canceled, "0")) }
        #expect(order.isDone)
        #expect(order.fillReceived(trade: 9, T.q("3")) == .awaitFills)
        #expect(!order.isDone)
        #expect(order.fillBooked(trade: 9, total: T.q("3")) == .finish)
        #expect(order.executed == T.q("3"))
    }

    @Test("C7: an amendment to no more than is filled is reported as a cancel")
    func amendBelowFilled() {
        var order = T.partial
        let small = Amendment(quantity: T.q("1"), price: T.p("100"))
        #expect(order.amendRequested(small, at: T.start) == .amend)
        #expect(order.amendAccepted(T.report(.canceled, "2")) == .awaitFills)
        #expect(order.name == .cancelled)
        #expect(order.intent.quantity == T.q("10"))
    }

    /// What the venue says of an open order of that size and price.
    private func terms(_ quantity: String, _ price: String, at time: Int64) -> VenueOrderReport {
        VenueOrderReport(
            orderID: 77, status: .new, executed: .zero, quantity: T.q(quantity), price: T.p(price),
            atMilliseconds: time)
    }

    private static let larger = Amendment(quantity: T.q("12"), price: T.p("99"))

    @Test("an amended order is what the venue's newest record says; older news changes nothing")
    func amended() {
        var order = T.open
        #expect(order.amendRequested(LifecycleTests.larger, at: T.start) == .amend)
        #expect(order.venueReported(terms("12", "99", at: 5)) == .save)
        #expect(order.name == .open)
        #expect(order.intent.quantity == T.q("12"))
        #expect(order.intent.price == T.p("99"))
        #expect(order.venueReported(terms("10", "100", at: 4)) == .nothing)
        #expect(order.amendAccepted(terms("12", "99", at: 5)) == .nothing)
        #expect(order.intent.quantity == T.q("12"))
    }

    @Test("C7: while an amendment is under way trades alone never fill the order: the venue is asked")
    func amendingIsNotFilledByTrades() {
        var order = T.open
        _ = order.amendRequested(LifecycleTests.larger, at: T.start)
        #expect(order.fillReceived(trade: 1, T.q("10")) == .query)
        #expect(order.name == .pendingAmend)
        #expect(order.venueReported(terms("12", "99", at: 5)) == .save)
        #expect(order.name == .partiallyFilled)
        #expect(order.remaining == T.q("2"))
        #expect(order.fillReceived(trade: 2, T.q("2")) == .awaitFills)
        #expect(order.name == .filled)
    }

    @Test("S2: an amendment without an answer is settled by the record: the new terms, or late enough")
    func amendmentInDoubt() {
        var order = T.open
        _ = order.amendRequested(LifecycleTests.larger, at: T.start)
        #expect(order.amendOutcomeUnknown(at: T.start + .seconds(5)) == .query)
        let old = terms("10", "100", at: 5)
        #expect(order.foundAnswered(old, askedAt: T.start + .seconds(20)) == .nothing)
        #expect(order.name == .pendingAmend)
        #expect(order.foundAnswered(old, askedAt: T.start + .seconds(21)) == .save)
        #expect(order.name == .open)
        #expect(order.intent.quantity == T.q("10"))
    }

    @Test("C7: a cancel in place of an amendment leaves the size in doubt until the venue says it")
    func cancelledWhileAmending() {
        var order = T.open
        _ = order.amendRequested(LifecycleTests.larger, at: T.start)
        #expect(order.cancelRequested() == .cancel)
        #expect(order.fillReceived(trade: 1, T.q("10")) == .query)
        #expect(order.name == .pendingCancel)
        #expect(order.cancelAccepted(terms("12", "99", at: 6)) == .save)
        #expect(order.intent.quantity == T.q("12"))
    }

    @Test("F1 F2: a trade counts once, however often and whenever it comes")
    func tradesCountOnce() {
        var order = T.open
        #expect(order.fillReceived(trade: 1, T.q("4")) == .save)
        #expect(order.fillReceived(trade: 1, T.q("4")) == .nothing)
        #expect(order.fillBooked(trade: 1, total: T.q("4")) == .save)
        #expect(order.fillBooked(trade: 1, total: T.q("4")) == .nothing)
        #expect(order.fillReceived(trade: 1, T.q("4")) == .nothing)
        #expect(order.executed == T.q("4"))
        #expect(order.remaining == T.q("6"))
    }

    @Test("F1: a trade told early counts at once, is merged with its full report, and is booked once")
    func earlyFill() {
        var order = T.open
        #expect(order.earlyFillReceived(trade: 1, T.q("10")) == .nothing)
        #expect(order.executed == T.q("10"))
        #expect(order.name == .partiallyFilled)
        #expect(order.earlyFillReceived(trade: 1, T.q("10")) == .nothing)
        #expect(order.venueReported(T.report(.filled, "10")) == .awaitFills)
        #expect(order.fillReceived(trade: 1, T.q("10")) == .awaitFills)
        #expect(order.executed == T.q("10"))
        #expect(order.earlyFillReceived(trade: 1, T.q("10")) == .nothing)
        #expect(!order.isDone)
        #expect(order.fillBooked(trade: 1, total: T.q("10")) == .finish)
        #expect(order.earlyFillReceived(trade: 1, T.q("10")) == .nothing)
    }

    @Test("F1: a restored order knows its trades again")
    func restoredKnowsTrades() {
        var order = OrderLifecycle(
            restoring: T.order.intent, as: .partiallyFilled, orderID: 77, booked: T.q("4"),
            trades: [1, 2], now: T.start)
        #expect(order.fillReceived(trade: 2, T.q("2")) == .nothing)
        // Of its last moments nothing is known: an amendment may have gone out.
        #expect(order.fillReceived(trade: 3, T.q("6")) == .query)
        #expect(order.venueReported(T.report(.filled, "10")) == .awaitFills)
        #expect(order.name == .filled)
        #expect(order.fillBooked(trade: 3, total: T.q("10")) == .finish)
    }

    @Test("S4: what was on its way when the process died is unknown after the restart")
    func restoredInFlight() {
        for name in [OrderStateName.intent, .sent, .unknown] {
            let order = OrderLifecycle(
                restoring: T.order.intent, as: name, orderID: 0, booked: .zero, trades: [],
                now: T.start)
            #expect(order.isUnknown)
        }
    }

    @Test("F3: a fill before the ack proves the order; the ack after it moves nothing back")
    func fillBeforeAck() {
        var order = T.sent
        #expect(order.fillReceived(trade: 1, T.q("4")) == .save)
        #expect(order.acknowledged(T.report(.new, "0")) == .save)
        #expect(order.name == .partiallyFilled)
        #expect(order.acknowledged(T.report(.new, "0")) == .nothing)
        #expect(order.orderID == 77)
    }

    @Test("F4: a query that lags behind the stream changes nothing")
    func laggingQuery() {
        var order = T.after(T.open) { $0.venueReported(T.report(.filled, "10")) }
        #expect(order.venueReported(T.report(.new, "0")) == .nothing)
        #expect(order.venueReported(T.report(.partiallyFilled, "4")) == .nothing)
        #expect(order.name == .filled)
        var part = T.partial
        #expect(part.venueReported(T.report(.new, "0")) == .nothing)
        #expect(part.executed == T.q("2"))
    }

    @Test("F6: EXPIRED_IN_MATCH is final and keeps the fills before it")
    func expiredInMatch() {
        var order = T.partial
        #expect(order.venueReported(T.report(.expiredInMatch, "2")) == .awaitFills)
        #expect(order.fillReceived(trade: 1, T.q("2")) == .awaitFills)
        #expect(order.fillBooked(trade: 1, total: T.q("2")) == .finish)
        #expect(order.name == .expired)
    }

    @Test("F9: fills out of order add up to the same")
    func fillsOutOfOrder() {
        var order = T.open
        #expect(order.venueReported(T.report(.filled, "10")) == .awaitFills)
        #expect(order.fillReceived(trade: 3, T.q("5")) == .awaitFills)
        #expect(order.fillReceived(trade: 1, T.q("2")) == .awaitFills)
        #expect(order.fillBooked(trade: 3, total: T.q("5")) == .awaitFills)
        #expect(order.fillReceived(trade: 2, T.q("3")) == .awaitFills)
        #expect(order.fillBooked(trade: 1, total: T.q("7")) == .awaitFills)
        #expect(order.fillBooked(trade: 2, total: T.q("10")) == .finish)
    }

    @Test("S2: a refused order that trades after all is alive and counted")
    func rejectedThenTraded() {
        var order = T.after(T.sent) { $0.definiteReject() }
        #expect(order.fillReceived(trade: 1, T.q("4")) == .query)
        #expect(order.name == .partiallyFilled)
        #expect(order.contradictions == 1)
    }

    @Test("T12: a status of a newer venue counts as working")
    func newerStatus() {
        var order = T.sent
        #expect(order.venueReported(T.report(.other("FROZEN"), "0")) == .save)
        #expect(order.name == .open)
    }
}
