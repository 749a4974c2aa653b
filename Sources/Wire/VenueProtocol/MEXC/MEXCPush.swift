internal import Bytes
internal import Quotes
internal import Trading

/// The wrapper of every MEXC stream message (PushDataV3ApiWrapper): which channel, which symbol,
/// and where the message itself lies.
package struct MEXCPush: Equatable, Sendable {
    /// The messages known here, by their field number in the wrapper.
    package enum Body: Int, Sendable, CaseIterable {
        case limitDepth = 303
        case privateOrder = 304
        case bookTicker = 305
        case privateDeal = 306
        case privateAccount = 307
        case aggregateDepth = 313
        case aggregateDeals = 314
        case aggregateBookTicker = 315
    }

    package var channel = 0..<0
    /// Upper case; empty where the wrapper has none (private account).
    package var symbol = 0..<0
    /// Epoch milliseconds; 0 where the wrapper has none.
    package var createMilliseconds: Int64 = 0
    package var sendMilliseconds: Int64 = 0
    /// Nil where the message is of a kind that is not known here (T12).
    package var body: Body?
    package var content = 0..<0

    /// Reads the wrapper in place; allocates nothing.
    package init(_ bytes: RawSpan) throws(FrameProblem) {
        do throws(ProtobufError) {
            var reader = ProtobufReader(bytes)
            while let number = try reader.nextField() {
                switch number {
                case 1: channel = try reader.place()
                case 3: symbol = try reader.place()
                case 5: createMilliseconds = try reader.integer()
                case 6: sendMilliseconds = try reader.integer()
                case 301...399:
                    body = Body(rawValue: number)
                    content = try reader.place()
                case _: break
                }
            }
        } catch {
            throw FrameProblem(error)
        }
        // Any bytes of the right shape are a message; only one with a channel is one of these.
        guard !channel.isEmpty else { throw .malformed }
    }
}

extension FrameProblem {
    init(_ error: ProtobufError) {
        switch error.code {
        case .wrongType: self = .badField
        case .unexpectedEnd, .badVarint, .badTag, .badWireType: self = .malformed
        }
    }
}

/// Lets a field of text be read as a number.
enum MEXCNumber {
    static func units(_ bytes: RawSpan, _ place: Range<Int>) throws(FrameProblem) -> Int128 {
        do throws(DecimalText.Problem) {
            return try DecimalText.parse(bytes.extracting(place))
        } catch {
            throw .badField
        }
    }

    /// A number that may be missing; zero then.
    static func optionalUnits(_ bytes: RawSpan, _ place: Range<Int>) throws(FrameProblem) -> Int128
    {
        place.isEmpty ? 0 : try units(bytes, place)
    }

    static func integer(_ bytes: RawSpan, _ place: Range<Int>) throws(FrameProblem) -> Int64 {
        guard let value = IntegerText.parse(bytes.extracting(place)) else { throw .badField }
        return value
    }
}

// MARK: market messages

extension BookTickerFrame {
    /// Reads the best bid and ask of a message whose body is one of the two book tickers.
    package init(mexc push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .aggregateBookTicker || push.body == .bookTicker else {
            throw .otherKind
        }
        var bid = (0..<0, 0..<0)
        var ask = (0..<0, 0..<0)
        var version = 0..<0
        do throws(ProtobufError) {
            var reader = ProtobufReader(bytes, in: push.content)
            while let number = try reader.nextField() {
                switch number {
                case 1: bid.0 = try reader.place()
                case 2: bid.1 = try reader.place()
                case 3: ask.0 = try reader.place()
                case 4: ask.1 = try reader.place()
                case 5: version = try reader.place()
                case _: break
                }
            }
        } catch {
            throw FrameProblem(error)
        }
        guard !push.symbol.isEmpty else { throw .badField }
        self.init(
            symbol: push.symbol,
            updateID: version.isEmpty ? 0 : try MEXCNumber.integer(bytes, version),
            bid: Price(units: try MEXCNumber.units(bytes, bid.0)),
            bidQuantity: Quantity(units: try MEXCNumber.units(bytes, bid.1)),
            ask: Price(units: try MEXCNumber.units(bytes, ask.0)),
            askQuantity: Quantity(units: try MEXCNumber.units(bytes, ask.1)),
            transactionMilliseconds: push.sendMilliseconds,
            eventMilliseconds: push.sendMilliseconds)
    }
}

/// Walks over the trades of one MEXC deals message, oldest first.
package struct MEXCDeals: ~Copyable, ~Escapable {
    private let bytes: RawSpan
    private let push: MEXCPush
    private var reader: ProtobufReader

    /// - Parameter push: the wrapper of `bytes`, with a body of deals.
    @_lifetime(copy bytes)
    package init(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .aggregateDeals else { throw .otherKind }
        guard !push.symbol.isEmpty else { throw .badField }
        self.bytes = bytes
        self.push = push
        reader = ProtobufReader(bytes, in: push.content)
    }

    /// The next trade, or nil behind the last. MEXC's trades have no number.
    @_lifetime(self: copy self)
    package mutating func next() throws(FrameProblem) -> TradeFrame? {
        do throws(ProtobufError) {
            while let number = try reader.nextField() {
                if number != 1 { continue }
                let place = try reader.place()
                return try deal(place)
            }
            return nil
        } catch {
            throw FrameProblem(error)
        }
    }

    private func deal(_ place: Range<Int>) throws(ProtobufError) -> TradeFrame {
        var item = ProtobufReader(bytes, in: place)
        var price = 0..<0
        var quantity = 0..<0
        var kind: Int64 = 0
        var time: Int64 = 0
        while let number = try item.nextField() {
            switch number {
            case 1: price = try item.place()
            case 2: quantity = try item.place()
            case 3: kind = try item.integer()
            case 4: time = try item.integer()
            case _: break
            }
        }
        guard let amount = try? MEXCNumber.units(bytes, quantity),
            let cost = try? MEXCNumber.units(bytes, price), kind == 1 || kind == 2
        else { throw ProtobufError(.wrongType, offset: place.lowerBound) }
        return TradeFrame(
            symbol: push.symbol, tradeID: 0, price: Price(units: cost),
            quantity: Quantity(units: amount), isBuyerMaker: kind == 2, tradeMilliseconds: time,
            eventMilliseconds: push.sendMilliseconds)
    }
}

extension DepthFrame {
    /// Reads a message whose body is a depth change or the best levels; tells apart by `push.body`.
    package mutating func read(mexc push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .aggregateDepth || push.body == .limitDepth else { throw .otherKind }
        guard !push.symbol.isEmpty else { throw .badField }
        removeAll()
        symbol = push.symbol
        change.eventMilliseconds = push.sendMilliseconds
        change.transactionMilliseconds = push.sendMilliseconds
        var versions = (0..<0, 0..<0)
        do throws(ProtobufError) {
            var reader = ProtobufReader(bytes, in: push.content)
            while let number = try reader.nextField() {
                switch number {
                case 1: try DepthFrame.level(bytes, try reader.place(), into: &change.asks)
                case 2: try DepthFrame.level(bytes, try reader.place(), into: &change.bids)
                case 4: versions.0 = try reader.place()
                case 5: versions.1 = try reader.place()
                case _: break
                }
            }
        } catch {
            throw FrameProblem(error)
        }
        change.firstID = try MEXCNumber.integer(bytes, versions.0)
        change.lastID =
            push.body == .limitDepth ? change.firstID : try MEXCNumber.integer(bytes, versions.1)
        guard change.firstID >= 0, change.firstID <= change.lastID else { throw .badField }
    }

    private static func level(
        _ bytes: RawSpan, _ place: Range<Int>, into levels: inout ContiguousArray<BookLevel>
    ) throws(ProtobufError) {
        var item = ProtobufReader(bytes, in: place)
        var price = 0..<0
        var quantity = 0..<0
        while let number = try item.nextField() {
            switch number {
            case 1: price = try item.place()
            case 2: quantity = try item.place()
            case _: break
            }
        }
        guard let cost = try? MEXCNumber.units(bytes, price), cost > 0,
            let amount = try? MEXCNumber.units(bytes, quantity), amount >= 0,
            levels.count < DepthChange.levelLimit
        else { throw ProtobufError(.wrongType, offset: place.lowerBound) }
        levels.append(BookLevel(price: Price(units: cost), quantity: Quantity(units: amount)))
    }
}
