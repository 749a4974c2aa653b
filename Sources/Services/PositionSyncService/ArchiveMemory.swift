import BusProtocol

/// What was archived under the newest numbers, by digest: room for so many, the newest kept.
///
/// A digest is of an entry's fields in their order, so that it is the same read from a line of an
/// older build, with other fields or another order, as from the journal.
struct ArchiveMemory {
    private var numbers: [Int64]
    private var digests: [UInt64]

    init(capacity: Int) {
        numbers = Array(repeating: 0, count: capacity)
        digests = Array(repeating: 0, count: capacity)
    }

    private func slot(_ number: Int64) -> Int { Int(number % Int64(numbers.count)) }

    /// Takes an entry; one that is older than what has its place is passed over.
    mutating func remember(_ entry: LedgerEntry) {
        remember(entry.sequence, ArchiveMemory.digest(entry))
    }

    private mutating func remember(_ number: Int64, _ digest: UInt64) {
        let slot = slot(number)
        guard number >= numbers[slot] else { return }
        numbers[slot] = number
        digests[slot] = digest
    }

    /// What is behind a number is void.
    mutating func forget(after kept: Int64) {
        for slot in numbers.indices where numbers[slot] > kept { numbers[slot] = 0 }
    }

    /// Takes over what an older file says, up to the number where the newer ones begin.
    mutating func take(_ older: ArchiveMemory, upTo last: Int64) {
        for slot in older.numbers.indices where (1...max(1, last)) ~= older.numbers[slot] {
            remember(older.numbers[slot], older.digests[slot])
        }
    }

    /// Whether an entry is the one that was archived under its number; nil where that is not known.
    func isArchived(_ entry: LedgerEntry) -> Bool? {
        let slot = slot(entry.sequence)
        guard numbers[slot] == entry.sequence else { return nil }
        return digests[slot] == ArchiveMemory.digest(entry)
    }

    /// FNV-1a: two entries under one number differ by chance alone if at all.
    private static func digest(_ entry: LedgerEntry) -> UInt64 {
        FlatJSON.encode(entry.fields).reduce(0xcbf2_9ce4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
    }
}
