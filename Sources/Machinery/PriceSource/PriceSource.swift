internal import BusProtocol
internal import Bytes
internal import Chronology
package import Quotes
package import Reactor
internal import RedisLink
package import Runtime
package import Trading
package import VenueBudget
package import VenueProtocol

// PriceSource: a symbol's price for any process, as one call (B3a).
// 1. It comes from the own cache, the tick channel, Redis or REST, in this order, and says from where
//    and how old it is; what is older than ten seconds is not given.
// 2. Callers for one symbol share one Redis read and one REST call, which goes through the budget.
// 3. A call always ends, in a price or in the reason why there is none.

/// Why there is no price.
package struct PriceUnavailable: Error, Equatable, Sendable, CustomStringConvertible {
    package let symbol: Symbol
    package let reason: String

    package var description: String { "no fresh price of \(symbol): \(reason)" }
}

/// One process's source of prices.
@LoopActor package final class PriceSource {
    let host: ServiceHost
    let venue: VenueKind
    let reader: VenueReader
    private var cascade = PriceCascade()
    private var callers: [UInt64: @LoopActor (Result<PriceAnswer, PriceUnavailable>) -> Void] = [:]
    private var nextCaller: UInt64 = 1
    private var ears: [Symbol: TickEar] = [:]
    /// Symbols to be asked of the venue at the end of this turn.
    private var asking: [Symbol] = []
    private var timer: LoopTimer?

    /// - Parameter reader: what goes to the venue goes through it.
    package init(host: ServiceHost, venue: VenueKind, reader: VenueReader) {
        self.host = host
        self.venue = venue
        self.reader = reader
        timer = host.loop.timer { [weak self] in self?.timePassed() }
        timer?.arm(after: PriceSource.cleaning)
    }

    private static let cleaning = Interval.seconds(10)
    /// Symbols asked for one by one; more at once come in one answer of all.
    private static let singleLimit = 3

    /// The price of a symbol now; the completion is called once, never within this call.
    package func price(
        of symbol: Symbol,
        _ completion: @escaping @LoopActor (Result<PriceAnswer, PriceUnavailable>) -> Void
    ) {
        let caller = nextCaller
        nextCaller += 1
        callers[caller] = completion
        symbols[caller] = symbol
        carryOut(cascade.asked(symbol, caller, now: host.loop.now))
    }

    /// The price of a symbol now.
    package func price(of symbol: Symbol) async throws(PriceUnavailable) -> PriceAnswer {
        let result = await withCheckedContinuation { continuation in
            price(of: symbol) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    private var symbols: [UInt64: Symbol] = [:]

    private func carryOut(_ actions: [PriceCascade.Action]) {
        for action in actions {
            switch action {
            case .subscribe(let symbol): subscribe(symbol)
            case .unsubscribe(let symbol): unsubscribe(symbol)
            case .readRecord(let symbol): readRecord(symbol)
            case .askVenue(let symbol): askVenue(symbol)
            case .answer(let caller, let answer): end(caller, .success(answer))
            case .fail(let caller, let reason):
                guard let symbol = symbols[caller] else { continue }
                end(caller, .failure(PriceUnavailable(symbol: symbol, reason: reason)))
            }
        }
    }

    private func end(_ caller: UInt64, _ result: Result<PriceAnswer, PriceUnavailable>) {
        symbols[caller] = nil
        guard let completion = callers.removeValue(forKey: caller) else { return }
        host.loop.soon { completion(result) }
    }

    private func timePassed() {
        timer?.arm(after: PriceSource.cleaning)
        carryOut(cascade.timePassed(now: host.loop.now))
    }

    // MARK: ticks

    private func subscribe(_ symbol: Symbol) {
        let ear = TickEar { [weak self] bytes in self?.heard(symbol, bytes) }
        ears[symbol] = ear
        host.subscriber.subscribe(host.keys.tickChannel(symbol), ear)
    }

    private func unsubscribe(_ symbol: Symbol) {
        guard let ear = ears.removeValue(forKey: symbol) else { return }
        host.subscriber.unsubscribe(host.keys.tickChannel(symbol), ear)
    }

    private func heard(_ symbol: Symbol, _ bytes: RawSpan) {
        guard let (_, tick) = try? Tick.decode(bytes), !tick.bid.isZero || !tick.mark.isZero else {
            return
        }
        let needsMark = venue == .binanceFutures
        if tick.bid.isZero || needsMark && tick.mark.isZero { return }
        var price = PriceView()
        price.bid = tick.bid
        price.bidQuantity = tick.bidQuantity
        price.ask = tick.ask
        price.askQuantity = tick.askQuantity
        price.mark = tick.mark
        price.index = tick.index
        // A tick says when its parts were true: one stream may be silent while the other speaks.
        let times = needsMark ? [tick.bookTime, tick.markTime] : [tick.bookTime]
        let oldest = times.filter { $0 > 0 }.min() ?? tick.publishTime
        price.at = host.loop.now - max(.zero, .milliseconds(tick.publishTime - oldest))
        carryOut(cascade.heard(symbol, price, now: host.loop.now))
    }

    // MARK: the record

    private func readRecord(_ symbol: Symbol) {
        host.redis.send(["HGETALL", host.keys.price(symbol)]) { [weak self] outcome in
            guard let self else { return }
            let fields = outcome.value?.fields ?? [:]
            let record = try? PriceRecord(fields: fields)
            let now = host.loop.now
            carryOut(cascade.recordRead(symbol, record.flatMap { self.view($0) }, now: now))
        }
    }

    /// A record as a price; nil where a part that the venue has is not known.
    private func view(_ record: PriceRecord) -> PriceView? {
        let needsMark = venue == .binanceFutures
        guard !record.bid.isZero, !needsMark || !record.mark.isZero else { return nil }
        var price = PriceView()
        price.bid = record.bid
        price.bidQuantity = record.bidQuantity
        price.ask = record.ask
        price.askQuantity = record.askQuantity
        price.mark = record.mark
        price.index = record.index
        let milliseconds = needsMark
            ? min(record.bookMilliseconds, record.markMilliseconds) : record.bookMilliseconds
        let age = max(.zero, host.loop.wallNow - WallTime(milliseconds: milliseconds))
        price.at = host.loop.now - age
        return price
    }

    // MARK: the venue

    private func askVenue(_ symbol: Symbol) {
        asking.append(symbol)
        if asking.count == 1 { host.loop.soon { [weak self] in self?.askVenue() } }
    }

    /// Asks for what was wanted in this turn of the loop: each alone, or all symbols in one call.
    private func askVenue() {
        let symbols = asking
        asking = []
        if symbols.count > PriceSource.singleLimit { return askAll(symbols) }
        for symbol in symbols { askOne(symbol) }
    }

    func failed(_ symbols: [Symbol], _ reason: String) {
        for symbol in symbols { carryOut(cascade.venueFailed(symbol, reason)) }
    }

    func answered(_ symbol: Symbol, _ price: PriceView) {
        carryOut(cascade.venueAnswered(symbol, price, now: host.loop.now))
    }
}

/// Hands the ticks of one symbol on.
@LoopActor private final class TickEar: RedisMessageHandler {
    private let heard: @LoopActor (RawSpan) -> Void

    init(_ heard: @escaping @LoopActor (RawSpan) -> Void) { self.heard = heard }

    func messageReceived(channel: RawSpan, payload: RawSpan) { heard(payload) }

    func subscriptionEstablished(channel: String) {}
}
