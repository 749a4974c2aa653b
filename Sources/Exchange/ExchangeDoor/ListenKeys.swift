internal import Bounded

/// The account's listen keys: one for each API key, each alive for an hour after it was last seen.
package struct ListenKeys: Sendable {
    private struct Entry: Sendable {
        let apiKey: String
        let listenKey: String
        var expiresAt: Int64
    }

    private var entries: [Entry] = []
    private var random: SplitMix64

    /// The same seed gives the same keys in the same order.
    package init(seed: UInt64) { random = SplitMix64(seed: seed ^ 0x6C69_7374_656E) }

    /// The key's listen key, made where there is none, good for `life` from now.
    package mutating func open(apiKey: String, wall: Int64, life: Int64) -> String {
        if let index = entries.firstIndex(where: { $0.apiKey == apiKey }) {
            entries[index].expiresAt = wall + life
            return entries[index].listenKey
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var bytes: [UInt8] = []
        for _ in 0..<64 { bytes.append(alphabet[Int(random.next() % 62)]) }
        let listenKey = String(decoding: bytes, as: UTF8.self)
        entries.append(Entry(apiKey: apiKey, listenKey: listenKey, expiresAt: wall + life))
        return listenKey
    }

    /// The key's listen key, where there is one.
    package func key(apiKey: String) -> String? {
        entries.first { $0.apiKey == apiKey }?.listenKey
    }

    /// Lengthens a listen key's life and returns it; nil where there is none.
    package mutating func keepAlive(apiKey: String, wall: Int64, life: Int64) -> String? {
        guard let index = entries.firstIndex(where: { $0.apiKey == apiKey }) else { return nil }
        entries[index].expiresAt = wall + life
        return entries[index].listenKey
    }

    package mutating func close(apiKey: String) { entries.removeAll { $0.apiKey == apiKey } }

    /// Ends the keys whose time is up, and returns them.
    package mutating func expire(wall: Int64) -> [String] {
        let gone = entries.filter { $0.expiresAt <= wall }.map(\.listenKey)
        if !gone.isEmpty { entries.removeAll { $0.expiresAt <= wall } }
        return gone
    }

    /// The keys that are alive, in the order in which they were made.
    package var alive: [String] { entries.map(\.listenKey) }

    /// The listen keys of those API keys that are wanted, in the order in which they were made.
    package func alive(of isWanted: (_ apiKey: String) -> Bool) -> [String] {
        entries.filter { isWanted($0.apiKey) }.map(\.listenKey)
    }

    /// The API key that a listen key was made for; nil where it is not alive.
    package func owner(of listenKey: String) -> String? {
        entries.first { $0.listenKey == listenKey }?.apiKey
    }

    package func isAlive(_ listenKey: String) -> Bool {
        entries.contains { $0.listenKey == listenKey }
    }
}
