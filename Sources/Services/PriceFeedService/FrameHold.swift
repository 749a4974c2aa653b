import Quotes
import VenueProtocol
import WebProtocol

/// The frames of one read that wait to be looked at: of each slot the newest, and behind it those it
/// supersedes.
///
/// 1. A slot's frames are held with ids that rise; one whose id does not is not held.
/// 2. Taking a slot's frames off gives the newest first, then those it superseded, newest first.
/// 3. Holding and taking cost constant time, and allocate nothing once as much was held before.
struct FrameHold {
    private struct Newest {
        /// The frame, or -1.
        var frame: Int32 = -1
        var id: Int64 = 0
    }

    /// By slot.
    private var newest: ContiguousArray<Newest> = []
    /// By frame: the one of the same slot that it supersedes, or -1.
    private var older: ContiguousArray<Int32> = []
    /// Slots that hold a frame, or did since `begin`.
    private(set) var slots: ContiguousArray<Int32> = []

    /// Makes room; nothing is held from then on.
    mutating func begin(slots count: Int, frames: Int) {
        slots.removeAll(keepingCapacity: true)
        while newest.count < count { newest.append(Newest()) }
        while older.count < frames { older.append(-1) }
    }

    /// Holds frames from one on, up to the first that cannot be: of another layout, for an unknown
    /// symbol, or with an id that is not above that of the last held of its slot.
    /// - Returns: that frame, and its slot where it has one; the number of frames where all are held.
    mutating func hold(
        _ messages: WebSocketMessages, from first: Int, _ table: borrowing SymbolSlots,
        isSpot: Bool
    ) -> (frame: Int, slot: Int?) {
        FrameHold.hold(messages, from: first, table, isSpot, &newest, &older, &slots)
    }

    /// The same; what it writes to is looked at once for all frames.
    private static func hold(
        _ messages: WebSocketMessages, from first: Int, _ table: borrowing SymbolSlots,
        _ isSpot: Bool, _ newestFrames: inout ContiguousArray<Newest>,
        _ olderFrames: inout ContiguousArray<Int32>, _ slots: inout ContiguousArray<Int32>
    ) -> (frame: Int, slot: Int?) {
        var newest = newestFrames.mutableSpan
        var older = olderFrames.mutableSpan
        for frame in first..<messages.count {
            let bytes = messages[frame]
            let sight =
                isSpot ? BookTickerSight(spot: bytes) : BookTickerSight(futures: bytes)
            guard messages.isText(frame), let sight,
                let slot = table.slot(of: bytes.extracting(sight.symbol))
            else { return (frame, nil) }
            let held = newest[slot]
            if held.frame < 0 {
                slots.append(Int32(truncatingIfNeeded: slot))
            } else if sight.updateID <= held.id {
                return (frame, slot)
            }
            older[frame] = held.frame
            newest[slot] = Newest(frame: Int32(truncatingIfNeeded: frame), id: sight.updateID)
        }
        return (messages.count, nil)
    }

    /// Takes the newest frame of a slot off; the one it superseded is the newest then. Nil where none
    /// is held.
    mutating func take(_ slot: Int) -> Int? {
        let frame = newest[slot].frame
        guard frame >= 0 else { return nil }
        newest[slot].frame = older[Int(frame)]
        return Int(frame)
    }

    /// Takes off what is left of a slot.
    /// - Returns: how many frames that were.
    mutating func drop(_ slot: Int) -> UInt64 {
        var count: UInt64 = 0
        var frame = newest[slot].frame
        while frame >= 0 {
            count &+= 1
            frame = older[Int(frame)]
        }
        newest[slot].frame = -1
        return count
    }
}
