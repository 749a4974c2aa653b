import Allocation
import Bounded
import Chronology
import Testing
import Trading

/// A run, a clock and what it asked for.
struct RunWorld {
    var run: AllocationRun
    var now: Instant
    var random = SplitMix64(seed: 11)
    var actions: [AllocationAction] = []

    init(isDry: Bool = false, _ change: (inout AllocationKnobs) -> Void = { _ in }) {
        now = Instant(nanoseconds: 1_000_000_000)
        var first: [AllocationAction] = []
        run = AllocationRun(
            id: "al-1", isDry: isDry, knobs: Fixture.knobs(change), now: now, &first)
        actions = first
    }

    /// What was asked for since the last call.
    mutating func taken() -> [AllocationAction] {
        defer { actions = [] }
        return actions
    }

    mutating func tell(_ event: AllocationEvent) {
        run.handle(event, now: now, using: &random, &actions)
    }

    mutating func pass(_ interval: Interval) {
        now = now + interval
        tell(.woken)
    }

    /// Lets time pass to when the run wants to be woken.
    mutating func wake() {
        now = max(now, run.nextWake)
        tell(.woken)
    }

    var started: Instant { Instant(nanoseconds: 1_000_000_000) }

    static func facts(
        _ base: String = "70000", _ quote: String = "0", rules: Instrument = Fixture.rules()
    ) -> AllocationFacts {
        AllocationFacts(
            holdings: Fixture.holdings(base, quote), rules: rules, book: Fixture.book())
    }

    /// The slice that was just ordered, and how long the gateway is to let it live.
    mutating func ordered() -> (slice: SliceReport, life: Interval)? {
        for case .place(let slice, let life) in taken() { return (slice, life) }
        return nil
    }

    mutating func finished() -> AllocationResult? {
        for case .finish(let result) in taken() { return result }
        return nil
    }

    static func order(
        _ status: String, isOver: Bool, _ executed: Quantity = .zero, at price: String = "0.749",
        change: (inout SliceOrder) -> Void = { _ in }
    ) -> SliceOrder {
        var order = SliceOrder(
            order: "PMSALLOC123_a_0123456789abcdef", status: status, isOver: isOver,
            executed: executed, notional: Fixture.price(price).times(executed, .nearestEven))
        change(&order)
        return order
    }
}

@Suite("Runs of the allocator")
struct AllocationRunTests {
    private typealias W = RunWorld

    @Test("a dry run plans one slice and orders nothing")
    func dry() {
        var world = W(isDry: true)
        #expect(world.taken() == [.readFacts(1)])
        world.tell(.factsRead(1, W.facts()))
        let result = world.finished()
        #expect(result?.status == .planned)
        #expect(result?.plan?.side == .sell)
        #expect(result?.slices.isEmpty == true)
        #expect(world.run.isOver)
    }

    @Test("at most three slices a run, each on facts of its own, one order at a time (A3, A7)")
    func slices() {
        var world = W()
        var ids: [String] = []
        for number in 1...3 {
            #expect(world.taken().contains(.readFacts(number)))
            world.tell(.factsRead(number, W.facts()))
            guard let (slice, _) = world.ordered() else {
                Issue.record("no order")
                return
            }
            ids.append(slice.request)
            // More facts, or news of another order, change nothing while one is open.
            world.tell(.factsRead(number, W.facts()))
            world.tell(.orderSeen(request: "al-0-1", W.order("filled", isOver: true, .one)))
            #expect(world.taken().isEmpty)
            let filled = W.order("filled", isOver: true, slice.plan.quantity)
            world.tell(.orderSeen(request: slice.request, filled))
            if number < 3 {
                world.wake()
            }
        }
        #expect(ids == ["al-1-1", "al-1-2", "al-1-3"])
        // One more look, for how things stand; then it is over.
        #expect(world.taken().contains(.readFacts(4)))
        world.tell(.factsRead(4, W.facts("69000", "700")))
        let result = world.finished()
        #expect(result?.reason == .sliceLimit)
        #expect(result?.status == .done)
        #expect(result?.slices.count == 3)
        #expect(result?.after?.quote == .whole(700))
        #expect(result?.filledNotional.isPositive == true)
        // Sold at 0.749 against a mid of 0.75: 13.35 basis points of what was traded.
        #expect((result?.costBasisPoints ?? .zero) > .whole(13))
        #expect((result?.costBasisPoints ?? .zero) < .whole(14))
    }

    @Test("a run ends when the imbalance has gone, and tells of dust")
    func gone() {
        var world = W()
        world.tell(.factsRead(1, W.facts("1001", "749.5")))
        let result = world.finished()
        #expect(result?.reason == .dust)
        #expect(result?.status == .skipped)
        #expect(result?.after?.imbalance == Fixture.money("1.25"))
    }

    @Test("two slices in a row of which nothing trades end a run")
    func misses() {
        var world = W()
        for number in 1...2 {
            world.tell(.factsRead(number, W.facts()))
            guard let (slice, _) = world.ordered() else {
                Issue.record("no order")
                return
            }
            world.tell(.orderSeen(request: slice.request, W.order("expired", isOver: true)))
            if number == 1 { world.wake() }
        }
        world.tell(.factsRead(3, W.facts()))
        let result = world.finished()
        #expect(result?.reason == .noFill)
        #expect(result?.status == .unfilled)
    }

    @Test("a partly filled and cancelled order counts for what it filled (MEXC's status 5)")
    func partial() {
        var world = W { $0.slices = 1 }
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        let part = Fixture.quantity("7.5")
        world.tell(.orderSeen(request: slice.request, W.order("cancelled", isOver: true, part)))
        world.tell(.factsRead(2, W.facts()))
        let result = world.finished()
        #expect(result?.filled == part)
        #expect(result?.status == .done)
    }

    @Test("S6: what is refused for want of money ends the run at once, by ours or the venue's word")
    func insufficient() {
        var world = W()
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        world.tell(
            .orderRefused(
                request: slice.request, code: "margin_insufficient", reason: "sells 5, free 1",
                isForBalance: true))
        #expect(world.finished()?.reason == .insufficientBalance)
        #expect(world.run.isOver)

        var other = W()
        other.tell(.factsRead(1, W.facts()))
        guard let (second, _) = other.ordered() else {
            Issue.record("no order")
            return
        }
        let rejected = W.order("rejected", isOver: true) {
            $0.isRejected = true
            $0.lacksBalance = true
        }
        other.tell(.orderSeen(request: second.request, rejected))
        other.tell(.factsFailed(2, .balancesUnavailable, detail: ""))
        #expect(other.finished()?.reason == .insufficientBalance)
    }

    @Test("a refusal by the gateway ends the run with its code")
    func refused() {
        var world = W()
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        world.tell(
            .orderRefused(
                request: slice.request, code: "venue_halted", reason: "only cancels pass",
                isForBalance: false))
        let result = world.finished()
        #expect(result?.reason == .orderRefused)
        #expect(result?.detail == "venue_halted: only cancels pass")
        #expect(result?.slices.first?.status == "refused")
    }

    @Test("a maker order is taken back when its time is over, and asked for until its end is known")
    func timeToLive() {
        var world = W { $0.mode = .shortLivedMaker }
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, life) = world.ordered() else {
            Issue.record("no order")
            return
        }
        // The gateway's own expiry comes after ours.
        #expect(life == slice.plan.timeToLive + .seconds(2))
        let asked = world.now
        world.tell(.orderSeen(request: slice.request, W.order("open", isOver: false)))
        var cancelled: Instant?
        for _ in 0..<60 where cancelled == nil {
            world.wake()
            if world.taken().contains(.cancel(request: slice.request)) { cancelled = world.now }
        }
        #expect(cancelled.map { $0 - asked } == slice.plan.timeToLive)
        // Nothing is placed while its end is not known (C4); it is cancelled again.
        world.wake()
        #expect(world.taken().contains(.cancel(request: slice.request)))
        let part = W.order("cancelled", isOver: true, Fixture.quantity("3"))
        world.tell(.orderSeen(request: slice.request, part))
        world.wake()
        #expect(world.taken().contains(.readFacts(2)))
    }

    @Test("a maker that the venue will not have, as the price has moved, is tried once more")
    func crossedMaker() {
        var world = W { $0.mode = .shortLivedMaker }
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        let rejected = W.order("rejected", isOver: true) { $0.isRejected = true }
        world.tell(.orderSeen(request: slice.request, rejected))
        world.wake()
        #expect(world.taken().contains(.readFacts(2)))
    }

    @Test("no run is longer than its timeout, whatever is heard or not, and what is open is named")
    func timeout() {
        for seed in 0..<400 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var world = W {
                $0.mode = Bool.random(using: &random) ? .immediateOrCancel : .shortLivedMaker
                $0.timeout = .seconds(Int64.random(in: 14...40, using: &random))
                $0.slices = Int.random(in: 1...6, using: &random)
            }
            let timeout = world.run.knobs.timeout
            var open: Set<String> = []
            var placed = 0
            var steps = 0
            while !world.run.isOver, steps < 5_000 {
                steps += 1
                for action in world.taken() {
                    switch action {
                    case .readFacts(let number):
                        if Int.random(in: 0..<10, using: &random) > 0 {
                            world.tell(.factsRead(number, W.facts()))
                        }
                    case .place(let slice, let life):
                        #expect(open.isEmpty, "seed \(seed): two orders at a time")
                        #expect(world.now + life <= world.started + timeout)
                        open.insert(slice.request)
                        placed += 1
                    case .cancel(let request), .look(let request):
                        guard Int.random(in: 0..<4, using: &random) == 0 else { break }
                        if Bool.random(using: &random) {
                            open.remove(request)
                            world.tell(
                                .orderSeen(request: request, W.order("cancelled", isOver: true)))
                        } else {
                            world.tell(.orderSeen(request: request, W.order("open", isOver: false)))
                        }
                    case .report: break
                    case .finish(let result):
                        #expect(
                            open.isEmpty == (result.reason != .unsettled),
                            "seed \(seed): \(result.reason) with \(open)")
                    }
                }
                if !world.run.isOver { world.wake() }
            }
            #expect(world.run.isOver, "seed \(seed)")
            #expect(world.now <= world.started + timeout, "seed \(seed)")
            #expect(placed <= world.run.knobs.slices, "seed \(seed)")
        }
    }

    @Test("an order whose command nobody took is not waited for after its deadline")
    func notTaken() {
        var world = W()
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        var result: AllocationResult?
        for _ in 0..<20 where result == nil {
            world.wake()
            let actions = world.taken()
            if actions.contains(.look(request: slice.request)) {
                world.tell(.orderMissing(request: slice.request))
                result = world.finished()
            }
        }
        #expect(result?.reason == .orderRefused)
        #expect(result?.slices.first?.status == "not_taken")
        #expect(world.now - world.started > AllocationRun.commandLife)
    }

    @Test("a process that stops takes back what rests, and its run ends when that is over (P6)")
    func interrupted() {
        var world = W { $0.mode = .shortLivedMaker }
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        world.tell(.orderSeen(request: slice.request, W.order("open", isOver: false)))
        world.tell(.interrupted(.stopped))
        #expect(world.taken().contains(.cancel(request: slice.request)))
        #expect(!world.run.isOver)
        world.tell(.orderSeen(request: slice.request, W.order("cancelled", isOver: true)))
        #expect(world.finished()?.reason == .stopped)
        var idle = W()
        idle.tell(.interrupted(.leaseLost))
        #expect(idle.finished()?.status == .failed)
    }

    @Test("an older report of an order takes nothing back of what it executed (F9)")
    func reordered() {
        var world = W { $0.slices = 1 }
        world.tell(.factsRead(1, W.facts()))
        guard let (slice, _) = world.ordered() else {
            Issue.record("no order")
            return
        }
        let later = W.order("partially_filled", isOver: false, .whole(5))
        world.tell(.orderSeen(request: slice.request, later))
        world.tell(.orderSeen(request: slice.request, W.order("open", isOver: false, .whole(2))))
        world.tell(.orderSeen(request: slice.request, W.order("cancelled", isOver: true, .whole(5))))
        world.tell(.factsRead(2, W.facts()))
        #expect(world.finished()?.filled == .whole(5))
    }

    @Test("facts that cannot be had end the run with their reason (T6, T8, T10)")
    func noFacts() {
        for reason in [
            AllocationReason.balancesUnavailable, .bookUnavailable, .bookInvalid, .metadataMissing,
        ] {
            var world = W()
            world.tell(.factsFailed(1, reason, detail: "http 502"))
            let result = world.finished()
            #expect(result?.reason == reason)
            #expect(result?.status == .skipped)
            #expect(result?.detail == "http 502")
        }
        var silent = W()
        silent.wake()
        #expect(silent.finished()?.reason == .factsLate)
    }
}
