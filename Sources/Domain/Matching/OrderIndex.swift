/// Finds a slot by a number: open addressing with linear probing, at most half full, so that a look-up
/// touches one or two neighbouring cells; removing shifts back and leaves no graves.
///
/// It grows by doubling and never shrinks: in a steady state nothing is allocated.
internal struct OrderIndex: Sendable {
    private struct Cell: Sendable {
        var key: Int64
        /// -1: the cell is empty.
        var slot: Int32
    }

    private var cells: ContiguousArray<Cell>
    private var mask: Int
    private(set) var count = 0

    /// - Parameter capacity: cells at first, a power of two.
    init(capacity: Int = 64) {
        precondition(capacity > 1 && capacity & (capacity - 1) == 0, "a power of two of cells")
        cells = ContiguousArray(repeating: Cell(key: 0, slot: -1), count: capacity)
        mask = capacity - 1
    }

    /// Fibonacci hashing: numbers that count up land far from each other.
    @inline(__always)
    private func home(_ key: Int64) -> Int {
        let mixed = UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }

    /// The slot of a number, or -1.
    @inline(__always)
    func slot(of key: Int64) -> Int32 {
        var place = home(key)
        while true {
            let cell = cells[place]
            if cell.slot < 0 || cell.key == key { return cell.slot }
            place = (place + 1) & mask
        }
    }

    /// Adds a number that is not there yet.
    mutating func insert(_ key: Int64, _ slot: Int32) {
        precondition(slot >= 0, "a slot is counted from zero")
        if (count + 1) * 2 > cells.count { grow() }
        var place = home(key)
        while cells[place].slot >= 0 {
            precondition(cells[place].key != key, "a number is indexed once")
            place = (place + 1) & mask
        }
        cells[place] = Cell(key: key, slot: slot)
        count += 1
    }

    /// Removes a number that is there.
    mutating func remove(_ key: Int64) {
        var hole = home(key)
        while cells[hole].key != key || cells[hole].slot < 0 {
            precondition(cells[hole].slot >= 0, "a number that is removed is indexed")
            hole = (hole + 1) & mask
        }
        count -= 1
        var place = (hole + 1) & mask
        while cells[place].slot >= 0 {
            // What sits at or before its home once the hole is filled may move into it.
            if (place - home(cells[place].key)) & mask >= (place - hole) & mask {
                cells[hole] = cells[place]
                hole = place
            }
            place = (place + 1) & mask
        }
        cells[hole].slot = -1
    }

    private mutating func grow() {
        var larger = OrderIndex(capacity: cells.count * 2)
        for cell in cells where cell.slot >= 0 { larger.insert(cell.key, cell.slot) }
        self = larger
    }
}
