package import Chronology
package import Trading

/// Which of several feeds of one venue streams which symbol.
///
/// 1. Every feed that knows the same members gives each symbol the same owner (rendezvous hashing):
///    the member whose hash with the symbol is the highest.
/// 2. When a member comes or goes, only the symbols it owns change hands.
/// 3. A feed owns nothing once its own lease has lapsed: its clock counts from before it asked.
package struct FeedShards: Equatable, Sendable {
    private let name: String
    private let timeToLive: Interval
    /// Of the members known last, each with its name.
    private var members: [(name: String, hash: UInt64)] = []
    private var validUntil = Instant.distantPast

    /// - Parameters:
    ///   - name: this feed's; nil where one feed serves the venue alone.
    ///   - timeToLive: of its lease after each renewal.
    package init(name: String, timeToLive: Interval) {
        self.name = name
        self.timeToLive = timeToLive
    }

    package static func == (a: FeedShards, b: FeedShards) -> Bool {
        a.name == b.name && a.validUntil == b.validUntil
            && a.members.map(\.name) == b.members.map(\.name)
    }

    /// The lease was renewed and these are the members.
    /// - Parameter asked: when the renewal was sent.
    /// - Returns: whether owners may have changed.
    package mutating func joined(_ names: [String], asked: Instant) -> Bool {
        // A tenth less than the server counts, for the clocks' different speeds.
        validUntil = asked + timeToLive - timeToLive / 10
        let sorted = names.sorted()
        guard sorted != members.map(\.name) else { return false }
        members = sorted.map { ($0, FeedShards.hash($0)) }
        return true
    }

    /// Whether this feed may speak for its symbols at that time.
    package func isHeld(now: Instant) -> Bool { now < validUntil }

    /// How many feeds share the symbols.
    package var count: Int { members.count }

    /// Whether this feed is to stream a symbol.
    package func owns(_ symbol: Symbol) -> Bool { owner(of: symbol.name) == name }

    /// The member to which something falls that one of them does for all.
    package func owner(of task: String) -> String? {
        let salt = FeedShards.hash(task)
        var best: (name: String, weight: UInt64)?
        for member in members {
            let weight = FeedShards.mixed(member.hash ^ salt)
            // Members are sorted, so that a tie falls to the same one everywhere.
            if best.map({ weight > $0.weight }) ?? true { best = (member.name, weight) }
        }
        return best?.name
    }

    /// FNV-1a, which is the same on every machine.
    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mixed(hash)
    }

    /// The end of SplitMix64: every bit of the input reaches every bit of the output.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
