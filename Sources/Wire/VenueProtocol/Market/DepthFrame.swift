package import Bytes
package import Quotes
internal import Trading

/// One change of a book, or its best levels, as they came from a stream or a REST call.
///
/// It is made once and filled anew for each message, so that reading allocates nothing once its
/// levels have grown to the size of the messages. After an error its contents mean nothing.
package struct DepthFrame: Equatable, Sendable {
    /// Where the symbol's bytes lie in the frame; empty in a REST answer.
    package var symbol = 0..<0
    /// The symbol is taken from the stream's name, so it is in lower case (spot partial depth).
    package var isLowerCase = false
    package var change = DepthChange()

    package init() {}

    /// Reads a raw or combined `depthUpdate` of Binance futures or spot.
    package mutating func read(_ bytes: RawSpan) throws(FrameProblem) {
        if !scan(bytes) { try readGeneral(bytes) }
    }

    /// Reads spot's partial depth (`{"lastUpdateId":,"bids":[],"asks":[]}`) in its combined form,
    /// whose stream names the symbol.
    package mutating func readPartial(_ bytes: RawSpan) throws(FrameProblem) {
        removeAll()
        do throws(JSONError) {
            let envelope = try FrameEnvelope(bytes, .optional("depthUpdate"))
            var index = envelope.stream.lowerBound
            while index < envelope.stream.upperBound, bytes.byte(index) != UInt8(ascii: "@") {
                index += 1
            }
            guard index > envelope.stream.lowerBound, index < envelope.stream.upperBound else {
                throw FrameEnvelope.other
            }
            try readSnapshotBody(bytes.extracting(envelope.data))
            symbol = envelope.stream.lowerBound..<index
            isLowerCase = true
        } catch {
            throw FrameProblem(error)
        }
    }

    /// Reads a depth snapshot of any venue's REST interface.
    package mutating func readSnapshot(_ bytes: RawSpan) throws(JSONError) {
        removeAll()
        try readSnapshotBody(bytes)
    }

    mutating func removeAll() {
        symbol = 0..<0
        isLowerCase = false
        change.removeAll()
    }
}

// MARK: the fast path

extension DepthFrame {
    /// `{"e":"depthUpdate","E":,["T":,]"s":,"U":,"u":,["pu":,]"b":[],"a":[]}`; false for any other
    /// layout.
    mutating func scan(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= 64 else { return false }
        removeAll()
        var scan = FrameScan(bytes)
        let braces = scan.open(
            FrameLiteral("{\"e\":\"de"), FrameLiteral("pthUpdat"), FrameLiteral("e\",\"E\":"))
        guard braces > 0, scanHead(&scan), scan.skip(FrameLiteral(",\"b\":[")),
            DepthFrame.scanLevels(&scan, into: &change.bids),
            scan.skip(FrameLiteral(",\"a\":[")),
            DepthFrame.scanLevels(&scan, into: &change.asks)
        else { return false }
        return scan.isClosed(braces)
    }

    @inline(__always)
    private mutating func scanHead(_ scan: inout FrameScan) -> Bool {
        change.eventMilliseconds = scan.integer()
        if scan.skip(FrameLiteral(",\"T\":")) { change.transactionMilliseconds = scan.integer() }
        guard scan.skip(FrameLiteral(",\"s\":\"")), let place = scan.text(), !place.isEmpty,
            scan.skip(FrameLiteral("\",\"U\":"))
        else { return false }
        symbol = place
        change.firstID = scan.integer()
        guard scan.skip(FrameLiteral(",\"u\":")) else { return false }
        change.lastID = scan.integer()
        var sign = change.eventMilliseconds | change.transactionMilliseconds | change.firstID
        sign |= change.lastID
        if scan.skip(FrameLiteral(",\"pu\":")) {
            change.previousID = scan.integer()
            sign |= change.previousID
        }
        return sign >= 0 && change.firstID <= change.lastID
    }

    /// The levels up to and with the closing bracket.
    @inline(__always)
    private static func scanLevels(
        _ scan: inout FrameScan, into levels: inout ContiguousArray<BookLevel>
    ) -> Bool {
        if scan.skip(FrameLiteral("]")) { return true }
        while scan.skip(FrameLiteral("[\"")) {
            let price = scan.decimal()
            guard scan.skip(FrameLiteral("\",\"")) else { return false }
            let quantity = scan.decimal()
            guard scan.skip(FrameLiteral("\"]")), price > 0, quantity >= 0,
                levels.count < DepthChange.levelLimit
            else { return false }
            levels.append(
                BookLevel(price: Price(units: price), quantity: Quantity(units: quantity)))
            if scan.skip(FrameLiteral("]")) { return true }
            guard scan.skip(FrameLiteral(",")) else { return false }
        }
        return false
    }
}

// MARK: any layout

extension DepthFrame {
    mutating func readGeneral(_ bytes: RawSpan) throws(FrameProblem) {
        removeAll()
        do throws(JSONError) {
            let envelope = try FrameEnvelope(bytes, .named("depthUpdate"))
            try readUpdate(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private mutating func readUpdate(_ bytes: RawSpan, _ data: Range<Int>) throws(JSONError) {
        var scanner = JSONScanner(bytes.extracting(data), limits: FrameEnvelope.limits)
        var place: Range<Int>?
        var ids: (first: Int64?, last: Int64?)
        var sides = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "s": place = try scanner.place(offsetBy: data.lowerBound)
            case "U": ids.first = try scanner.integer()
            case "u": ids.last = try scanner.integer()
            case "pu": change.previousID = try scanner.integer()
            case "E": change.eventMilliseconds = try scanner.integer()
            case "T": change.transactionMilliseconds = try scanner.integer()
            case "b":
                sides |= 1
                try scanner.levels(into: &change.bids)
            case "a":
                sides |= 2
                try scanner.levels(into: &change.asks)
            case _: try scanner.skipValue()
            }
        }
        symbol = try require(place, "s", at: scanner.offset)
        change.firstID = try require(ids.first, "U", at: scanner.offset)
        change.lastID = try require(ids.last, "u", at: scanner.offset)
        guard sides == 3, change.firstID <= change.lastID else {
            throw JSONError(.badValue, offset: scanner.offset, field: "b, a, U or u")
        }
    }

    private mutating func readSnapshotBody(_ bytes: RawSpan) throws(JSONError) {
        var scanner = JSONScanner(bytes, limits: FrameEnvelope.limits)
        var id: Int64?
        var sides = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "lastUpdateId": id = try scanner.integer()
            case "E": change.eventMilliseconds = try scanner.integer()
            case "T", "timestamp": change.transactionMilliseconds = try scanner.integer()
            case "bids":
                sides |= 1
                try scanner.levels(into: &change.bids)
            case "asks":
                sides |= 2
                try scanner.levels(into: &change.asks)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        change.lastID = try require(id, "lastUpdateId", at: scanner.offset)
        change.firstID = change.lastID
        guard sides == 3 else {
            throw JSONError(.missingField, offset: scanner.offset, field: "bids or asks")
        }
    }
}

extension JSONScanner {
    /// Levels as arrays of price, quantity and what a venue may add.
    @_lifetime(self: copy self)
    fileprivate mutating func levels(
        into levels: inout ContiguousArray<BookLevel>
    ) throws(JSONError) {
        levels.removeAll(keepingCapacity: true)
        try enterArray()
        while try nextElement() {
            let start = offset
            try enterArray()
            guard try nextElement() else {
                throw JSONError(.missingField, offset: offset, field: "price")
            }
            let price: Price = try decimal()
            guard try nextElement() else {
                throw JSONError(.missingField, offset: offset, field: "quantity")
            }
            let quantity: Quantity = try decimal()
            while try nextElement() { try skipValue() }
            guard price.isPositive, !quantity.isNegative, levels.count < DepthChange.levelLimit
            else { throw JSONError(.badValue, offset: start, field: "level") }
            levels.append(BookLevel(price: price, quantity: quantity))
        }
    }
}
