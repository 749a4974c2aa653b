import Bytes
import Reactor

/// What a name subscribed to is.
enum SubscriptionKind: Sendable {
    case channel, pattern
}

/// One name with its handlers.
@LoopActor final class Subscription {
    let name: String
    let bytes: [UInt8]
    let kind: SubscriptionKind
    var handlers: [any RedisMessageHandler] = []
    var isEstablished = false

    init(name: String, kind: SubscriptionKind) {
        self.name = name
        self.kind = kind
        bytes = Array(name.utf8)
    }
}

/// Subscriptions found by the bytes of a name without making a string of them.
@LoopActor struct SubscriptionTable {
    private var buckets: [[Subscription]] = Array(repeating: [], count: 256)
    private(set) var count = 0

    init() {}

    func entry(_ name: String, _ kind: SubscriptionKind) -> Subscription? {
        name.withRawSpan { entry($0, kind) }
    }

    func entry(_ name: RawSpan, _ kind: SubscriptionKind) -> Subscription? {
        let bucket = Self.bucket(name)
        var index = 0
        while index < buckets[bucket].count {
            let entry = buckets[bucket][index]
            let bytes = entry.bytes
            if entry.kind == kind, bytes.rawSpan.hasSameBytes(as: name) { return entry }
            index += 1
        }
        return nil
    }

    mutating func insert(_ name: String, _ kind: SubscriptionKind) -> Subscription {
        let entry = Subscription(name: name, kind: kind)
        let bucket = name.withRawSpan { Self.bucket($0) }
        buckets[bucket].append(entry)
        count += 1
        return entry
    }

    mutating func remove(_ name: String, _ kind: SubscriptionKind) -> Bool {
        let bucket = name.withRawSpan { Self.bucket($0) }
        let before = buckets[bucket].count
        buckets[bucket].removeAll { $0.kind == kind && $0.name == name }
        guard buckets[bucket].count < before else { return false }
        count -= 1
        return true
    }

    /// All names of a kind, sorted.
    func names(_ kind: SubscriptionKind) -> [String] {
        buckets.joined().filter { $0.kind == kind }.map(\.name).sorted()
    }

    func connectionClosed() {
        for entry in buckets.joined() { entry.isEstablished = false }
    }

    /// FNV-1a over the bytes, folded to a bucket.
    private static func bucket(_ name: RawSpan) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<name.byteCount {
            hash = (hash ^ UInt64(name.byte(index))) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 255)
    }
}
