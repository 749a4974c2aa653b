import Chronology
import Testing

@Suite("Time saturates at its ends and never wraps")
struct ChronologyTests {
    @Test("invariant 1: a time from outside never traps (I5)")
    func saturation() {
        let far = WallTime(milliseconds: .max)
        let past = WallTime(milliseconds: .min)
        #expect(far - past == Interval(nanoseconds: .max))
        #expect(past - far == Interval(nanoseconds: .min))
        #expect(far + .seconds(1) == far)
        #expect(past - .seconds(1) == past)
        #expect(Interval.seconds(.max).nanoseconds == .max)
        #expect(Interval.milliseconds(.min).nanoseconds == .min)
        #expect(Interval.seconds(-1) * .max == Interval(nanoseconds: .min))
        #expect(Interval(nanoseconds: .min) / -1 == Interval(nanoseconds: .max))
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant.distantFuture + .seconds(9) > .distantFuture)
        #expect(Instant.distantPast - .distantFuture < .zero)
    }

    @Test("lengths convert and compare")
    func lengths() {
        #expect(Interval.seconds(2) == .milliseconds(2_000))
        #expect(Interval.microseconds(1_999).milliseconds == 1)
        #expect(Interval.milliseconds(7) / 2 == .microseconds(3_500))
        #expect(WallTime(milliseconds: 1_500) - WallTime(milliseconds: 500) == .seconds(1))
        #expect(
            Instant(nanoseconds: 5) + .nanoseconds(3) - .nanoseconds(8) == Instant(nanoseconds: 0))
    }

    @Test("invariant 2: the machine's monotonic clock does not go back")
    func monotonic() {
        let clock = SystemTime()
        var last = clock.now
        for _ in 0..<1_000 {
            let now = clock.now
            #expect(now >= last)
            last = now
        }
        #expect(clock.wallNow > WallTime(milliseconds: 1_700_000_000_000))
    }
}
