package import Chronology
import Quotes
import Throttles
import VenueProtocol
package import WebProtocol

/// What became of one frame of a batch that something has to be done about.
package struct BatchEffect {
    package let effect: FrameEffect
    /// The frame's number in the batch.
    package let frame: Int
}

/// The frames of one read, taken together.
///
/// Where ticks are throttled, of all best bids and asks that one read brings for a symbol only the
/// newest can be published: the others are known by symbol and update id alone and left unread.
///
/// 1. What is published has passed every check of `Quote`. A newest frame that does not pass is
///    counted by its reason, and the one before it is read in its place.
/// 2. A frame is left unread only for one of the same symbol whose id is above its own; one whose id
///    is not above is read and judged like any other.
/// 3. Each frame is counted once: taken in, duplicate, dropped or superseded.
extension FeedDesk {
    /// Whether frames of a socket may be left unread.
    package func supersedes(socket number: Int) -> Bool {
        guard sockets[number].kind == .book, publishing.window > .zero else { return false }
        switch configuration.venue {
        case .binanceFutures, .binanceSpot: return true
        // Its streams are thinned by the venue itself.
        case .mexcSpot: return false
        }
    }

    /// Takes in the frames of a read.
    /// - Parameter effects: what has to be done is added, in order.
    package mutating func framesReceived(
        socket number: Int, _ messages: WebSocketMessages, now: Instant,
        _ effects: inout ContiguousArray<BatchEffect>
    ) {
        if messages.count == 1 { return judge(0, number, messages, now, &effects) }
        hold.begin(slots: slots.slotCount, frames: messages.count)
        let isSpot = configuration.venue == .binanceSpot
        var next = 0
        while next < messages.count {
            let stop = hold.hold(messages, from: next, slots, isSpot: isSpot)
            next = stop.frame + 1
            guard stop.frame < messages.count else { break }
            // Judged like any other, after what came before it.
            if let slot = stop.slot {
                settle(slot, number, messages, now, &effects)
            } else {
                settleHeld(number, messages, now, &effects)
            }
            judge(stop.frame, number, messages, now, &effects)
        }
        settleHeld(number, messages, now, &effects)
    }

    private mutating func settleHeld(
        _ number: Int, _ messages: WebSocketMessages, _ now: Instant,
        _ effects: inout ContiguousArray<BatchEffect>
    ) {
        for index in 0..<hold.slots.count {
            settle(Int(hold.slots[index]), number, messages, now, &effects)
        }
    }

    /// Reads the newest frame held of a slot, or the newest that can be believed.
    private mutating func settle(
        _ slot: Int, _ number: Int, _ messages: WebSocketMessages, _ now: Instant,
        _ effects: inout ContiguousArray<BatchEffect>
    ) {
        while let frame = hold.take(slot) {
            let effect = frameReceived(socket: number, messages[frame], now: now)
            note(effect, frame, &effects)
            if case .refused = effect { continue }
            superseded &+= hold.drop(slot)
        }
    }

    private mutating func judge(
        _ frame: Int, _ number: Int, _ messages: WebSocketMessages, _ now: Instant,
        _ effects: inout ContiguousArray<BatchEffect>
    ) {
        let effect =
            messages.isText(frame)
            ? frameReceived(socket: number, messages[frame], now: now)
            : unusableReceived(socket: number)
        note(effect, frame, &effects)
    }

    private func note(
        _ effect: FrameEffect, _ frame: Int, _ effects: inout ContiguousArray<BatchEffect>
    ) {
        switch effect {
        case .changed(_, publish: false, store: false), .duplicate, .levels, .waiting: return
        case .changed, .other, .refused:
            effects.append(BatchEffect(effect: effect, frame: frame))
        }
    }
}
