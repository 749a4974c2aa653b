import Bounded
import Chronology
import Reactor
import Testing

/// A loop under contract and the way to let its time pass.
@LoopActor struct LoopUnderTest: Sendable {
    let loop: any Loop
    /// Lets the interval pass, running all that falls due.
    let pass: @LoopActor (Interval) async -> Void

    static func real() -> LoopUnderTest {
        LoopUnderTest(loop: EventLoop.process) { interval in
            await withCheckedContinuation { continuation in
                EventLoop.process.timer { continuation.resume() }.arm(after: interval)
            }
        }
    }

    static func simulated() -> LoopUnderTest {
        let loop = SimulatedLoop()
        return LoopUnderTest(loop: loop) { loop.advance(by: $0) }
    }
}

enum LoopKind: CaseIterable, Sendable {
    case real, simulated

    @LoopActor func make() -> LoopUnderTest { self == .real ? .real() : .simulated() }
}

/// A timer that its own closure can reach.
@LoopActor final class TimerBox { var timer: LoopTimer? }

/// What happened, in order.
@LoopActor final class Record {
    var entries: [String] = []
    func add(_ entry: String) { entries.append(entry) }
}

@Suite("The contract of a loop, real and simulated")
struct LoopContractTests {
    @Test("Timers fire in the order of their deadlines", arguments: LoopKind.allCases)
    func order(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let record = Record()
            for delay in [3, 1, 2] as [Int64] {
                it.loop.timer { record.add("\(delay)") }.arm(after: .milliseconds(delay))
            }
            await it.pass(.milliseconds(5))
            #expect(record.entries == ["1", "2", "3"])
        }
    }

    @Test("Timers of one deadline fire in the order they were armed", arguments: LoopKind.allCases)
    func ties(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let record = Record()
            let due = it.loop.now + .milliseconds(1)
            let timers = (0..<20).map { index in it.loop.timer { record.add("\(index)") } }
            for timer in timers { timer.arm(at: due) }
            timers[3].arm(at: due)
            await it.pass(.milliseconds(3))
            let expected = (0..<20).filter { $0 != 3 } + [3]
            #expect(record.entries == expected.map { "\($0)" })
        }
    }

    @Test("A timer never fires early and is disarmed when it fires", arguments: LoopKind.allCases)
    func notEarly(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let start = it.loop.now
            var firedAt: Instant?
            var wasArmed = true
            let box = TimerBox()
            box.timer = it.loop.timer {
                firedAt = it.loop.now
                wasArmed = box.timer?.isArmed ?? true
            }
            box.timer?.arm(after: .microseconds(1_500))
            #expect(box.timer?.isArmed == true)
            await it.pass(.milliseconds(4))
            #expect(firedAt.map { $0 - start >= .microseconds(1_500) } == true)
            #expect(!wasArmed)
        }
    }

    @Test("A disarmed timer does not fire, a re-armed one fires once", arguments: LoopKind.allCases)
    func disarm(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let record = Record()
            let dropped = it.loop.timer { record.add("dropped") }
            dropped.arm(after: .milliseconds(1))
            let moved = it.loop.timer { record.add("moved") }
            moved.arm(after: .milliseconds(1))
            moved.arm(after: .milliseconds(2))
            dropped.disarm()
            dropped.disarm()
            await it.pass(.milliseconds(4))
            #expect(record.entries == ["moved"])
        }
    }

    @Test("A timer may arm itself again while it fires", arguments: LoopKind.allCases)
    func periodic(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            var count = 0
            let box = TimerBox()
            box.timer = it.loop.timer {
                count += 1
                if count < 5 { box.timer?.arm(after: .microseconds(200)) }
            }
            box.timer?.arm(after: .zero)
            for _ in 0..<100 where count < 5 { await it.pass(.milliseconds(1)) }
            await it.pass(.milliseconds(1))
            #expect(count == 5)
        }
    }

    @Test("P1: a timer that arms itself for the past again and again keeps no other from firing")
    func greedy() async {
        await EventLoop.onLoop {
            let box = TimerBox()
            var count = 0
            box.timer = EventLoop.process.timer {
                count += 1
                // Some seconds of turns: then the test ends, and has failed.
                if count < 1_000_000 { box.timer?.arm(at: .distantPast) }
            }
            box.timer?.arm(at: .distantPast)
            await LoopUnderTest.real().pass(.milliseconds(5))
            #expect(count < 1_000_000)
            box.timer?.disarm()
            box.timer = nil
        }
    }

    @Test("Work for soon runs in order, also what it queues itself", arguments: LoopKind.allCases)
    func soon(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let record = Record()
            it.loop.soon {
                record.add("a")
                it.loop.soon { record.add("c") }
            }
            it.loop.soon { record.add("b") }
            #expect(record.entries.isEmpty)
            await it.pass(.milliseconds(1))
            #expect(record.entries == ["a", "b", "c"])
        }
    }

    @Test("Wall time moves with monotonic time", arguments: LoopKind.allCases)
    func wall(kind: LoopKind) async {
        await EventLoop.onLoop {
            let it = kind.make()
            let before = (it.loop.now, it.loop.wallNow)
            await it.pass(.milliseconds(20))
            #expect(it.loop.now - before.0 >= .milliseconds(20))
            #expect(it.loop.wallNow - before.1 >= .milliseconds(19))
        }
    }

    @Test("Random arming and disarming fires exactly as a sorted list would")
    func twin() async {
        let seed: UInt64 = 20_260_401
        await EventLoop.onLoop {
            var random = SplitMix64(seed: seed)
            let loop = SimulatedLoop()
            let record = Record()
            let timers = (0..<200).map { index in loop.timer { record.add("\(index)") } }
            var expected: [(due: Instant, order: Int, index: Int)] = []
            for order in 0..<2_000 {
                let index = Int.random(in: 0..<200, using: &random)
                expected.removeAll { $0.index == index }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    timers[index].disarm()
                } else {
                    let due = loop.now + .microseconds(.random(in: 1...50, using: &random))
                    timers[index].arm(at: due)
                    expected.append((due, order, index))
                }
            }
            expected.sort { ($0.due, $0.order) < ($1.due, $1.order) }
            loop.advance(by: .milliseconds(1))
            #expect(record.entries == expected.map { "\($0.index)" }, "seed \(seed)")
        }
    }
}
