/// Places found by a number that spreads what stands at them: an open-addressed table, at most half full.
struct PlaceTable: Sendable {
    /// A place, or -1; a power of two of them.
    private var cells = [Int32](repeating: -1, count: 64)
    private(set) var count = 0

    private var mask: Int { cells.count - 1 }

    private func home(_ spread: UInt64) -> Int { Int(truncatingIfNeeded: spread) & mask }

    /// The place that `isIt` accepts, among those whose number is `spread`.
    @inline(__always) func first(_ spread: UInt64, _ isIt: (Int) -> Bool) -> Int? {
        var cell = home(spread)
        while cells[cell] >= 0 {
            if isIt(Int(cells[cell])) { return Int(cells[cell]) }
            cell = (cell + 1) & mask
        }
        return nil
    }

    /// - Parameter spreadAt: the number of what stands at a place.
    mutating func insert(_ place: Int, _ spread: UInt64, _ spreadAt: (Int) -> UInt64) {
        if 2 * (count + 1) > cells.count {
            let old = cells
            cells = [Int32](repeating: -1, count: 2 * old.count)
            for known in old where known >= 0 { put(Int(known), spreadAt(Int(known))) }
        }
        put(place, spread)
        count += 1
    }

    private mutating func put(_ place: Int, _ spread: UInt64) {
        var cell = home(spread)
        while cells[cell] >= 0 { cell = (cell + 1) & mask }
        cells[cell] = Int32(place)
    }

    mutating func remove(_ place: Int, _ spread: UInt64, _ spreadAt: (Int) -> UInt64) {
        guard var hole = cell(of: place, spread) else { return }
        count -= 1
        // What stands behind moves up, unless that would put it before its home.
        var next = (hole + 1) & mask
        while cells[next] >= 0 {
            let home = home(spreadAt(Int(cells[next])))
            if (next - home) & mask >= (next - hole) & mask {
                cells[hole] = cells[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        cells[hole] = -1
    }

    private func cell(of place: Int, _ spread: UInt64) -> Int? {
        var cell = home(spread)
        while cells[cell] >= 0 {
            if cells[cell] == Int32(place) { return cell }
            cell = (cell + 1) & mask
        }
        return nil
    }
}
