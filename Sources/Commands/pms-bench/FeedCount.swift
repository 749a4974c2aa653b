import CFloor
import Chronology
import Glibc

/// Instructions a frame, which no other process disturbs.
///
/// The processor's own counter is often not permitted, so they are counted by valgrind's callgrind:
/// this program takes the frames once and three times, and the difference is what two passes cost.
/// Where valgrind is not installed the figures are null.
enum FeedCount {
    private static let frames = 512

    static func figures() -> [Figure] {
        FeedFrameKind.allCases.map { kind in
            Figure(
                "feed.\(kind.rawValue).instructions", perFrame("feed-count", kind), "per frame",
                floor: optional(perFrame("feed-count-c", kind)))
        }
    }

    private static func optional(_ value: Double) -> Double? { value.isNaN ? nil : value }

    private static func perFrame(_ role: String, _ kind: FeedFrameKind) -> Double {
        guard let once = counted(role, kind, passes: 1), let thrice = counted(role, kind, passes: 3)
        else { return .nan }
        return (thrice - once) / Double(2 * frames)
    }

    /// What callgrind collects over a whole run.
    private static func counted(_ role: String, _ kind: FeedFrameKind, passes: Int) -> Double? {
        var plan = FeedPlan()
        plan.frames = passes
        plan.path = kind.rawValue
        guard let path = unsafe realpath("/proc/self/exe", nil) else { return nil }
        defer { unsafe free(path) }
        let program = unsafe String(cString: path)
        // Valgrind reads no debug information of this kind: a copy without it is run.
        let copy = "/tmp/pms-bench-count-\(getpid())"
        let command =
            "strip -g -o \(copy) '\(program)' 2>/dev/null && valgrind --tool=callgrind "
            + "--callgrind-out-file=/dev/null \(copy) --role \(role) "
            + plan.arguments.joined(separator: " ")
            + " 2>&1 | sed -n 's/.*Collected : //p'; rm -f \(copy); echo"
        let shell = BenchProgram(program: ["/bin/sh", "-c", command])
        return try? shell.numbers(1)[0]
    }

    /// The role that is counted.
    static func run(_ plan: FeedPlan, inC: Bool) -> Int32 {
        guard let kind = FeedFrameKind(rawValue: plan.path) else { return 2 }
        let source = FeedFrames(kind, count: frames, seed: 7)
        if inC {
            guard let floor = try? FloorFeed(["BTCUSDT"]) else { return 1 }
            for _ in 0..<plan.frames { Measure.sink(floor.run(source)) }
            return floor.published == plan.frames * frames ? 0 : 1
        }
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var pipeline = FeedPipeline(publishing: .zero, now: now)
        for _ in 0..<plan.frames { Measure.sink(pipeline.run(source, &now)) }
        return pipeline.published == plan.frames * frames ? 0 : 1
    }
}
