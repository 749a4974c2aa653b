import Chronology
import Testing

@testable import Runtime

@Suite struct LogTests {
    private func line(_ fields: LogFields) -> LogLine {
        LogLine(
            at: WallTime(milliseconds: 1_795_230_431_250), level: .warn, process: "price-feed",
            event: "feed stale", fields: fields)
    }

    @Test("JSON keeps the order of fields, numbers and flags bare, all else quoted and escaped")
    func json() {
        #expect(
            line(["n": 3, "ok": true, "why": "a \"b\"\n", "id": UInt16(9)]).json
                == #"{"at":"2026-11-21T03:07:11.250Z","level":"warn","service":"price-feed","#
                + #""event":"feed stale","n":3,"ok":true,"why":"a \"b\"\n","id":9}"#)
    }

    @Test("Text is for people: time, level, event, name=value")
    func text() {
        #expect(
            line(["n": 3, "why": "two words", "none": ""]).text
                == #"03:07:11.250 warn  feed stale  n=3  why="two words"  none="""#)
    }

    @Test(
        "Civil time follows the calendar",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
        ] as [(Int64, String)])
    func civil(milliseconds: Int64, expected: String) {
        #expect(CivilTime(WallTime(milliseconds: milliseconds)).text == expected)
    }

    @Test("A limited event passes once an interval and says how many were held back")
    func limit() {
        var limit = LogLimit(every: .seconds(5))
        let start = Instant(nanoseconds: 0)
        same(limit.admit(now: start), 0)
        same(limit.admit(now: start + .seconds(1)), nil)
        same(limit.admit(now: start + .seconds(4)), nil)
        same(limit.admit(now: start + .seconds(5)), 2)
    }
}
