package import Chronology
import Quotes
package import Trading

/// What is done about streams that fall silent (B3d), each step once a silence: the symbol is asked
/// for anew, then moved to another socket, or its socket replaced where all of it is silent; then its
/// price is asked for by REST until it speaks again.
///
/// A best bid and ask that nobody changes is silent, too. So REST is asked along with the first step:
/// where it says what the stream said last, the market is quiet, and it is left at asking, for as long
/// as there are answers.
extension FeedDesk {
    mutating func recoverStale(_ now: Instant, _ out: inout [FeedAction]) {
        for kind in configuration.venue.quoteKinds { recoverStale(kind, now, &out) }
    }

    private mutating func recoverStale(
        _ kind: FeedKind, _ now: Instant, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        var anew: [Int] = []
        var homeless: [Int] = []
        var asking: [Int] = []
        for slot in symbols.indices where isFollowed(slot, kind) {
            guard isStale(slot, kind, now) else {
                settleRecovered(slot, kind, &out)
                continue
            }
            let stream = symbols[slot].streams[place]
            let isDue = now - max(stream.stepAt, stream.subscribedAt ?? .distantPast)
                > configuration.staleAfter
            switch nextStep(stream) {
            case .resubscribed where isDue: anew.append(slot)
            case .moved where isDue: homeless.append(slot)
            case .asked where isDue || stream.step == .asked: asking.append(slot)
            case .none, .resubscribed, .moved, .asked: break
            }
        }
        resubscribe(anew, kind, now, &out)
        move(homeless, kind, now, &out)
        ask(asking, alsoOf: anew, kind, now, &out)
    }

    /// The step that follows on the last; without a connection only REST helps.
    private func nextStep(_ stream: FeedStream) -> FeedStream.Step {
        guard let number = stream.socket, sockets[number].isOpen, stream.subscribedAt != nil
        else { return .asked }
        if stream.isQuiet { return .asked }
        switch stream.step {
        case .none: return stream.isDull ? .asked : .resubscribed
        case .resubscribed: return .moved
        case .moved, .asked: return .asked
        }
    }

    private mutating func settleRecovered(
        _ slot: Int, _ kind: FeedKind, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        guard symbols[slot].streams[place].step != .none else { return }
        guard let quoteKind = kind.quoteKind,
            symbols[slot].spoke(quoteKind, place) >= symbols[slot].streams[place].stepAt
        else { return }
        if !symbols[slot].streams[place].isQuiet {
            out.append(.note(FeedNote(.recovered, symbols[slot].symbol.name, kind.label)))
        }
        symbols[slot].streams[place].step = .none
        symbols[slot].streams[place].isQuiet = false
        symbols[slot].streams[place].unansweredSince = nil
    }

    /// Off and on, since a second SUBSCRIBE alone is acknowledged and ignored.
    private mutating func resubscribe(
        _ stale: [Int], _ kind: FeedKind, _ now: Instant, _ out: inout [FeedAction]
    ) {
        for slot in stale {
            resubscribe(slot, kind)
            step(slot, kind, .resubscribed, now)
            out.append(.note(FeedNote(.resubscribed, symbols[slot].symbol.name, kind.label)))
            storeStale(slot, &out)
        }
    }

    mutating func resubscribe(_ slot: Int, _ kind: FeedKind) {
        let place = kind.position
        guard let number = symbols[slot].streams[place].socket else { return }
        sockets[number].departures.append(
            configuration.venue.stream(kind, symbols[slot].symbol))
        sockets[number].isDirty = true
        symbols[slot].streams[place].subscribedAt = nil
    }

    mutating func step(
        _ slot: Int, _ kind: FeedKind, _ step: FeedStream.Step, _ now: Instant
    ) {
        symbols[slot].streams[kind.position].step = step
        symbols[slot].streams[kind.position].stepAt = now
    }

    /// Replaces sockets of which nothing is heard any more; single symbols go to another socket.
    mutating func move(
        _ stale: [Int], _ kind: FeedKind, _ now: Instant, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        var loads = loads(kind)
        for number in sockets.indices {
            let mine = stale.filter { symbols[$0].streams[place].socket == number }
            guard !mine.isEmpty else { continue }
            for slot in mine { step(slot, kind, .moved, now) }
            if isSilent(number, now) {
                replace(number, mine.count, &out)
                continue
            }
            for slot in mine {
                let room = roomiest(kind, loads, except: number)
                let target = room ?? addSocket(kind)
                while loads.count < sockets.count { loads.append(0) }
                loads[target] += 1
                detach(slot, kind)
                attach(slot, kind, target, now)
                let detail = "\(kind.label), socket \(number) to \(target)"
                out.append(.note(FeedNote(.moved, symbols[slot].symbol.name, detail)))
            }
        }
    }

    /// Whether a socket's own clock has run out: no market frame on it for too long.
    private func isSilent(_ number: Int, _ now: Instant) -> Bool {
        now - heard[number] > configuration.staleAfter
    }

    mutating func replace(_ number: Int, _ stale: Int, _ out: inout [FeedAction]) {
        guard !sockets[number].isClosing else { return }
        let detail = "socket \(number), \(stale) stale"
        out.append(.note(FeedNote(.replaced, sockets[number].kind.label, detail)))
        close(number, &out)
    }

    private mutating func ask(
        _ stale: [Int], alsoOf others: [Int], _ kind: FeedKind, _ now: Instant,
        _ out: inout [FeedAction]
    ) {
        let place = kind.position
        var due: [Symbol] = []
        for slot in others {
            symbols[slot].streams[place].asked(now)
            due.append(symbols[slot].symbol)
        }
        for slot in stale {
            let stream = symbols[slot].streams[place]
            if stream.step == .none, stream.isDull {
                step(slot, kind, .asked, now)
                symbols[slot].streams[place].isQuiet = true
            } else if stream.step != .asked {
                step(slot, kind, .asked, now)
                out.append(.note(FeedNote(.asked, symbols[slot].symbol.name, kind.label)))
                // Whoever reads the record is to know, also where no price comes any more.
                storeStale(slot, &out)
            } else if stream.isQuiet, stream.isUnanswered(now, for: configuration.askEvery) {
                // Nobody says any more that there is nothing to say.
                symbols[slot].streams[place].isQuiet = false
                step(slot, kind, .asked, now)
                out.append(.note(FeedNote(.asked, symbols[slot].symbol.name, kind.label)))
            } else if now - stream.stepAt >= configuration.retryEvery, !stream.isQuiet {
                retry(slot, kind, now, &out)
            }
            if now - symbols[slot].streams[place].askedAt >= configuration.askEvery {
                symbols[slot].streams[place].asked(now)
                due.append(symbols[slot].symbol)
            }
        }
        if !due.isEmpty { out.append(.ask(kind, due)) }
    }

    /// Silent through every step: once in a while all is tried again, without a word.
    private mutating func retry(
        _ slot: Int, _ kind: FeedKind, _ now: Instant, _ out: inout [FeedAction]
    ) {
        symbols[slot].streams[kind.position].stepAt = now
        guard let number = symbols[slot].streams[kind.position].socket, sockets[number].isOpen
        else { return }
        if isSilent(number, now), (sockets[number].age(now: now) ?? .zero) > configuration.retryEvery
        {
            replace(number, 1, &out)
            heard[number] = now
        } else {
            resubscribe(slot, kind)
        }
    }

    // MARK: records

    /// A record that says fresh is written again once its price is not: it would say so until it
    /// expires, whatever came to an end, the stream or the answers by REST.
    mutating func tellStale(_ now: Instant, _ out: inout [FeedAction]) {
        for slot in symbols.indices where isUsed(slot) && symbols[slot].isToldFresh {
            if configuration.venue.quoteKinds.contains(where: { isLost(slot, $0, now) }) {
                storeStale(slot, &out)
            }
        }
    }

    /// Whether a price is not of now, and no answer is awaited that may well make it so.
    private func isLost(_ slot: Int, _ kind: FeedKind, _ now: Instant) -> Bool {
        if isFresh(slot, kind, now) { return false }
        let stream = symbols[slot].streams[kind.position]
        return !stream.isQuiet || stream.isUnanswered(now, for: configuration.askEvery)
    }

    private mutating func storeStale(_ slot: Int, _ out: inout [FeedAction]) {
        guard symbols[slot].isOwned else { return }
        symbols[slot].isToldFresh = false
        out.append(.store(slot))
    }

    // MARK: answers

    /// REST has answered with a symbol's best bid and ask; sizes and time are 0 where it gives none.
    package mutating func bookAnswered(
        _ top: FeedBookTop, now: Instant, _ out: inout [FeedAction]
    ) {
        guard let slot = slots.slot(of: top.symbol) else { return }
        let place = FeedKind.book.position
        let spoke = symbols[slot].spoke(.book, place)
        let refusal = symbols[slot].quote.bookAnswered(
            bid: top.bid, bidQuantity: top.bidQuantity, ask: top.ask,
            askQuantity: top.askQuantity, time: top.timeMilliseconds, band: band, now: now)
        answered(slot, .book, refusal, spoke, now, &out)
    }

    /// REST has answered with a symbol's mark and index price.
    package mutating func markAnswered(
        _ symbol: Symbol, mark: Price, index: Price, timeMilliseconds: Int64, now: Instant,
        _ out: inout [FeedAction]
    ) {
        guard let slot = slots.slot(of: symbol) else { return }
        let spoke = symbols[slot].spoke(.mark, FeedKind.mark.position)
        let refusal = symbols[slot].quote.markReceived(
            mark: mark, index: index, time: timeMilliseconds, band: band, now: now)
        answered(slot, .mark, refusal, spoke, now, &out)
    }

    private mutating func answered(
        _ slot: Int, _ kind: FeedKind, _ refusal: QuoteRefusal?, _ spoke: Instant, _ now: Instant,
        _ out: inout [FeedAction]
    ) {
        let place = kind.position
        if let refusal, refusal != .duplicate {
            if let reason = FeedRefusal(refusal) { _ = refused(reason, kind) }
            return
        }
        symbols[slot].streams[place].spokeBefore = spoke
        symbols[slot].streams[place].answeredAt = now
        symbols[slot].streams[place].unansweredSince = nil
        if refusal == .duplicate {
            confirmed(slot, kind, &out)
            if symbols[slot].isOwned { out.append(.store(slot)) }
            return
        }
        if symbols[slot].streams[place].isQuiet {
            // It had not been quiet but dead: the steps begin.
            symbols[slot].streams[place].isQuiet = false
            symbols[slot].streams[place].isDull = false
            step(slot, kind, .none, .distantPast)
        }
        guard case .changed(_, let publish, let store) = changed(slot, now) else { return }
        if publish { out.append(.publish(slot)) }
        if store { out.append(.store(slot)) }
    }

    /// REST says what the stream said last: the market is quiet, the stream may well be alive.
    private mutating func confirmed(_ slot: Int, _ kind: FeedKind, _ out: inout [FeedAction]) {
        let place = kind.position
        guard kind == .book, symbols[slot].streams[place].step != .none,
            !symbols[slot].streams[place].isQuiet
        else { return }
        symbols[slot].streams[place].isQuiet = true
        symbols[slot].streams[place].isDull = true
        symbols[slot].streams[place].step = .asked
        out.append(.note(FeedNote(.quiet, symbols[slot].symbol.name, kind.label)))
    }
}

/// The best bid and ask of a symbol as REST gives them.
package struct FeedBookTop: Equatable, Sendable {
    package var symbol: Symbol
    package var bid: Price
    package var bidQuantity: Quantity
    package var ask: Price
    package var askQuantity: Quantity
    /// 0 where the venue gives none.
    package var timeMilliseconds: Int64

    package init(
        symbol: Symbol, bid: Price, bidQuantity: Quantity, ask: Price, askQuantity: Quantity,
        timeMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.bid = bid
        self.bidQuantity = bidQuantity
        self.ask = ask
        self.askQuantity = askQuantity
        self.timeMilliseconds = timeMilliseconds
    }
}
