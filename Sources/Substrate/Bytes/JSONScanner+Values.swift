extension JSONScanner {
    /// A string's bytes between its quotes, escapes unresolved.
    @inlinable @_lifetime(copy self)
    package mutating func string() throws(JSONError) -> RawSpan {
        guard try peek() == UInt8(ascii: "\"") else { throw failure(.wrongType) }
        let start = position &+ 1
        let index = plainEnd(from: start)
        if index < bytes.byteCount, bytes.byte(index) == UInt8(ascii: "\"") {
            position = index &+ 1
            needsComma = true
            return unsafe bytes.extracting(unchecked: start..<index)
        }
        position = index
        try finishString()
        return unsafe bytes.extracting(unchecked: start..<(position &- 1))
    }

    /// Where the first quote, backslash or control byte stands from `start`, or the end; eight bytes
    /// are looked at in one step.
    @inlinable @inline(__always)
    internal func plainEnd(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index &+ 8 <= bytes.byteCount {
            let word = bytes.word(index)
            let quotes = word ^ (ones &* 0x22)
            let escapes = word ^ (ones &* 0x5C)
            // The lowest top bit that is set marks the first such byte; borrows only go upward.
            let hits = (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes
            let marks = (hits | (word &- ones &* 0x20) & ~word) & (ones &* 0x80)
            if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < bytes.byteCount {
            let byte = bytes.byte(index)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            index &+= 1
        }
        return index
    }

    /// Steps over the rest of a string from its first escape, bad byte or missing end.
    @usableFromInline @inline(never) @_lifetime(self: copy self)
    internal mutating func finishString() throws(JSONError) {
        while position < bytes.byteCount {
            let byte = bytes.byte(position)
            if byte == UInt8(ascii: "\"") {
                position += 1
                needsComma = true
                return
            }
            if byte < 0x20 { throw failure(.badString) }
            position += 1
            if byte == UInt8(ascii: "\\") { try skipEscape() }
        }
        throw failure(.unexpectedEnd)
    }

    @_lifetime(self: copy self)
    private mutating func skipEscape() throws(JSONError) {
        guard position < bytes.byteCount else { throw failure(.unexpectedEnd) }
        switch bytes.byte(position) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard position < bytes.byteCount else { throw failure(.unexpectedEnd) }
                guard Hex.value(of: bytes.byte(position)) != nil else { throw failure(.badString) }
                position += 1
            }
        case _: throw failure(.badString)
        }
    }

    /// A string with its escapes resolved; malformed UTF-8 and lone surrogates are refused.
    @_lifetime(self: copy self)
    package mutating func text() throws(JSONError) -> String {
        _ = try peek()
        let start = position
        let raw = try string()
        guard let text = JSONText.unescaped(raw) else {
            throw JSONError(.badString, offset: start)
        }
        return text
    }

    /// A whole number, bare or quoted, in the range of `Int64`.
    @inlinable @_lifetime(self: copy self)
    package mutating func integer() throws(JSONError) -> Int64 {
        let first = try peek()
        let isQuoted = first == UInt8(ascii: "\"")
        let start = isQuoted ? position &+ 1 : position
        guard start < bytes.byteCount, bytes.byte(start) &- 49 < 9 else {
            return try integerOfAnyForm()
        }
        var (count, value) = DigitRun.read(bytes, at: start)
        if count == 8 {
            let rest = DigitRun.read(bytes, at: start &+ 8)
            count &+= rest.count
            value = value &* DecimalText.powerOfTen(rest.count) &+ rest.value
        }
        let end = start &+ count
        // Sixteen digits may be followed by more; a number at the text's end is rare.
        guard count < 16, end < bytes.byteCount,
            isQuoted
                ? bytes.byte(end) == UInt8(ascii: "\"")
                : !JSONScanner.continuesNumber(bytes.byte(end))
        else { return try integerOfAnyForm() }
        position = isQuoted ? end &+ 1 : end
        needsComma = true
        return Int64(truncatingIfNeeded: value)
    }

    @usableFromInline @inline(never) @_lifetime(self: copy self)
    internal mutating func integerOfAnyForm() throws(JSONError) -> Int64 {
        let start = position
        guard let value = IntegerText.parse(try numberText()) else {
            throw JSONError(.badNumber, offset: start)
        }
        return value
    }

    /// An exact decimal, bare or quoted, in units of 1e-12 (see `DecimalText`).
    @inlinable @_lifetime(self: copy self)
    package mutating func decimalUnits() throws(JSONError) -> Int128 {
        if try peek() == UInt8(ascii: "\"") {
            var index = position &+ 1
            if let units = DecimalText.plain(bytes, &index), index < bytes.byteCount,
                bytes.byte(index) == UInt8(ascii: "\"")
            {
                position = index &+ 1
                needsComma = true
                return units
            }
        }
        return try decimalOfAnyForm()
    }

    @usableFromInline @inline(never) @_lifetime(self: copy self)
    internal mutating func decimalOfAnyForm() throws(JSONError) -> Int128 {
        let start = position
        let digits = try numberText()
        do throws(DecimalText.Problem) {
            return try DecimalText.parse(digits)
        } catch {
            throw JSONError(.badNumber, offset: start)
        }
    }

    /// The bytes of a bare number, or the inside of a quoted string.
    @_lifetime(copy self)
    private mutating func numberText() throws(JSONError) -> RawSpan {
        switch try nextKind() {
        case .string: return try string()
        case .number: return try number()
        case .object, .array, .boolean, .null: throw failure(.wrongType)
        }
    }

    /// The bytes of a bare number: `-`, whole part without leading zeros, fraction, exponent.
    @_lifetime(copy self)
    package mutating func number() throws(JSONError) -> RawSpan {
        _ = try peek()
        let start = position
        if bytes.byte(position) == UInt8(ascii: "-") { position += 1 }
        if digit() == 0 { position += 1 } else { try skipDigits() }
        if next() == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if next() | 0x20 == UInt8(ascii: "e") {
            position += 1
            if next() == UInt8(ascii: "+") || next() == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
        needsComma = true
        return bytes.extracting(start..<position)
    }

    /// The byte the reading stands at, or zero at the end.
    private func next() -> UInt8 { position < bytes.byteCount ? bytes.byte(position) : 0 }

    /// The value of the digit the reading stands at, or more than nine.
    private func digit() -> UInt8 { next() &- 48 }

    /// Steps over at least one digit.
    @_lifetime(self: copy self)
    private mutating func skipDigits() throws(JSONError) {
        guard digit() < 10 else {
            throw failure(position < bytes.byteCount ? .unexpectedByte : .unexpectedEnd)
        }
        while digit() < 10 { position += 1 }
    }

    /// Whether a byte behind a number's digits belongs to the number.
    @inlinable @inline(__always)
    internal static func continuesNumber(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }

    /// `true` or `false`, bare, or quoted in lower, upper or title case.
    @_lifetime(self: copy self)
    package mutating func boolean() throws(JSONError) -> Bool {
        let first = try peek()
        let start = position
        if first == UInt8(ascii: "\"") {
            let word = try string()
            if word == "true" || word == "TRUE" || word == "True" { return true }
            if word == "false" || word == "FALSE" || word == "False" { return false }
            throw JSONError(.wrongType, offset: start)
        }
        if first == UInt8(ascii: "t") {
            try take("true")
            return true
        }
        guard first == UInt8(ascii: "f") else { throw failure(.wrongType) }
        try take("false")
        return false
    }

    /// Steps over `null` and says so; any other value is left in place.
    @_lifetime(self: copy self)
    package mutating func skipNull() throws(JSONError) -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        try take("null")
        return true
    }

    /// Steps over a literal.
    @_lifetime(self: copy self)
    private mutating func take(_ word: StaticString) throws(JSONError) {
        guard bytes.holds(word, at: position) else { throw failure(.unexpectedByte) }
        position += word.utf8CodeUnitCount
        needsComma = true
    }
}
