import Allocation
import BusProtocol
import Bytes
import Chronology
import Quotes
import Reactor
import RedisLink
import Runtime
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Why there are no facts to plan on.
struct FactsFailure: Error {
    let reason: AllocationReason
    let detail: String

    init(_ reason: AllocationReason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}

/// Reads what a slice is planned on: the venue's rules, balances and the book, all of now.
@LoopActor final class FactsReader {
    private let host: ServiceHost
    private let venue: VenueQueries
    private let symbol: Symbol
    private let ear = BookEar()
    private var frame = DepthFrame()
    /// When REST last said what the account holds.
    private var checkedAt = Instant.distantPast
    /// Books published before this may not show our last order yet.
    private var notBefore = WallTime(milliseconds: 0)
    private let mismatches: Counter
    private let restBooks: Counter

    /// Rules are read from the venue every 10 minutes: older ones are nobody's any more (R9).
    private static let rulesAge = Interval.seconds(3_600)
    /// A book is taken from the stream for this long after it was published.
    private static let bookAge = Interval.seconds(1)
    /// From an order's end to where the stream shows it: the venue tells of its book ten times a
    /// second, and the feed publishes twenty times.
    private static let bookLag = Interval.milliseconds(200)
    /// A dry run takes the stream's balances for this long after REST was asked.
    private static let checkAge = Interval.seconds(30)

    init(host: ServiceHost, venue: VenueQueries, symbol: Symbol) {
        self.host = host
        self.venue = venue
        self.symbol = symbol
        mismatches = host.metrics.counter(
            "pms_allocator_balance_differences_total",
            "readings in which the user stream's balances were not those of REST")
        restBooks = host.metrics.counter(
            "pms_allocator_rest_books_total", "books asked of REST, as the stream's was too old")
    }

    func start() { host.subscriber.subscribe(host.keys.depthChannel(symbol), ear) }

    /// An order has ended: what was published before does not show it.
    func orderEnded() { notBefore = host.loop.wallNow + FactsReader.bookLag }

    func read(isDry: Bool) async -> Result<AllocationFacts, FactsFailure> {
        do throws(FactsFailure) {
            let (rules, told) = try await stored()
            let holdings = try await holdings(rules, told, isDry: isDry)
            let book = try await book()
            return .success(AllocationFacts(holdings: holdings, rules: rules, book: book))
        } catch {
            return .failure(error)
        }
    }

    // MARK: rules

    private func stored() async throws(FactsFailure) -> (Instrument, HoldingsRecord?) {
        let outcomes = await host.redis.send(all: [
            ["HGETALL", host.keys.instrument(symbol)], ["HGETALL", host.keys.holdings],
        ])
        guard let fields = outcomes[0].value?.fields else {
            throw FactsFailure(.metadataMissing, outcomes[0].failure ?? "no hash")
        }
        guard !fields.isEmpty else {
            throw FactsFailure(.metadataMissing, "price-feed has no rules of \(symbol)")
        }
        let told = outcomes[1].value?.fields.flatMap { try? HoldingsRecord(fields: $0) }
        return (try rules(fields), told)
    }

    private func rules(_ fields: [String: String]) throws(FactsFailure) -> Instrument {
        let found: (rules: Instrument, stamp: RecordStamp)
        do throws(RecordError) {
            found = (
                try InstrumentRecord.instrument(fields: fields),
                try RecordStamp(RecordFields("instrument", fields))
            )
        } catch {
            throw FactsFailure(.metadataMissing, error.description)
        }
        let age = host.loop.wallNow - WallTime(milliseconds: found.stamp.atMilliseconds)
        guard age <= FactsReader.rulesAge else {
            throw FactsFailure(.metadataMissing, "rules are \(age.milliseconds / 1_000) s old")
        }
        return found.rules
    }

    // MARK: balances

    private func holdings(
        _ rules: Instrument, _ told: HoldingsRecord?, isDry: Bool
    ) async throws(FactsFailure) -> SpotHoldings {
        let streamed = told.flatMap { FactsReader.holdings(rules, $0) }
        if isDry, let streamed, host.loop.now - checkedAt <= FactsReader.checkAge {
            return streamed
        }
        let asked = try await askHoldings(rules)
        if let streamed, streamed != asked {
            // The stream is on its way, or has lost something: what was asked for counts.
            mismatches.increment()
            Log.debug(
                "balances differ",
                [
                    "base": asked.base.total, "base_streamed": streamed.base.total,
                    "quote": asked.quote.total, "quote_streamed": streamed.quote.total,
                ])
        }
        checkedAt = host.loop.now
        return asked
    }

    private static func holdings(
        _ rules: Instrument, _ record: HoldingsRecord
    ) -> SpotHoldings? {
        guard let quote = record.balances[rules.quote] else { return nil }
        let base = record.balances[rules.base]
        return SpotHoldings(
            baseFree: base?.free ?? .zero, baseLocked: base?.locked ?? .zero,
            quoteFree: quote.free, quoteLocked: quote.locked)
    }

    private func askHoldings(_ rules: Instrument) async throws(FactsFailure) -> SpotHoldings {
        let dialect = venue.kind.dialect
        do {
            let body = try await venue.ask(dialect.account)
            let list = try dialect.decodeHoldings(body.rawSpan)
            func held(_ asset: String) -> VenueHolding {
                list.first { $0.asset == asset }
                    ?? VenueHolding(asset: asset, free: .zero, locked: .zero)
            }
            let (base, quote) = (held(rules.base), held(rules.quote))
            let holdings = SpotHoldings(
                baseFree: base.free, baseLocked: base.locked, quoteFree: quote.free,
                quoteLocked: quote.locked)
            guard let holdings else {
                throw FactsFailure(.balancesUnavailable, "the venue says a negative balance")
            }
            return holdings
        } catch let failure as FactsFailure {
            throw failure
        } catch let failure as VenueQueryFailure {
            throw FactsFailure(.balancesUnavailable, failure.reason)
        } catch {
            throw FactsFailure(.balancesUnavailable, "\(error)")
        }
    }

    // MARK: the book

    private func book() async throws(FactsFailure) -> SpotBook {
        let wall = host.loop.wallNow
        let oldest = max(notBefore, wall - FactsReader.bookAge)
        if let depth = ear.depth(since: oldest, of: symbol), depth.publishTime <= wall.milliseconds {
            return try FactsReader.checked(depth.bids, depth.asks)
        }
        restBooks.increment()
        let request = venue.kind.depth(symbol, limit: SpotBook.levels)
        let answer = await withCheckedContinuation { continuation in
            venue.reader.get(request) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .failure(let failure):
            throw FactsFailure(.bookUnavailable, failure.description)
        case .success(let response):
            do throws(JSONError) {
                try frame.readSnapshot(response.body.rawSpan)
            } catch {
                throw FactsFailure(.bookUnavailable, error.description)
            }
            return try FactsReader.checked(Array(frame.change.bids), Array(frame.change.asks))
        }
    }

    /// I1: no plan is made on prices that are none.
    private static func checked(
        _ bids: [BookLevel], _ asks: [BookLevel]
    ) throws(FactsFailure) -> SpotBook {
        do throws(BookProblem) {
            return try SpotBook(bids: bids, asks: asks)
        } catch {
            throw FactsFailure(
                error == .empty ? .bookUnavailable : .bookInvalid, error.rawValue)
        }
    }
}

/// Keeps the last book that price-feed has published; it is read when it is wanted.
@LoopActor private final class BookEar: RedisMessageHandler {
    private var bytes: [UInt8] = []

    func subscriptionEstablished(channel: String) {}

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        bytes.removeAll(keepingCapacity: true)
        for index in 0..<payload.byteCount { bytes.append(payload.byte(index)) }
    }

    /// The last book, where it was published later than a time (what lay in a queue is as old as that
    /// says); nil where not, or not readable.
    func depth(since oldest: WallTime, of symbol: Symbol) -> DepthMessage? {
        let bytes = bytes
        guard let (name, depth) = try? DepthMessage.decode(bytes.rawSpan), name == symbol.name,
            depth.publishTime > oldest.milliseconds
        else { return nil }
        return depth
    }
}
