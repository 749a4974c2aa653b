package import Bytes
import Trading

extension MaintenanceBrackets {
    /// Reads the venue's layout: rows of `notionalFloor`, `notionalCap`, `maintMarginRatio`, `cum`
    /// and `initialLeverage`, as a bare array, within an object's `brackets`, or as the first such
    /// object of an array (the venue answers in both forms). Numbers may be quoted.
    package init(json: RawSpan) throws(Problem) {
        let rows: [Row]
        do throws(JSONError) {
            var scanner = JSONScanner(json)
            rows = try MaintenanceBrackets.readRows(&scanner)
        } catch {
            throw Problem(.unreadable)
        }
        try self.init(rows)
    }

    @_lifetime(scanner: copy scanner)
    private static func readRows(_ scanner: inout JSONScanner) throws(JSONError) -> [Row] {
        if try scanner.nextKind() == .object { return try readContract(&scanner).rows }
        var rows: [Row] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            let (own, nested) = try readElement(&scanner)
            if let own { rows.append(own) } else if rows.isEmpty { rows = nested }
        }
        return rows
    }

    /// Reads the venue's list of contracts; each with its symbol's name.
    package static func contracts(
        json: RawSpan
    ) throws(JSONError) -> [(symbol: String, rows: [Row])] {
        var scanner = JSONScanner(json)
        var contracts: [(symbol: String, rows: [Row])] = []
        if try scanner.nextKind() == .object { return [try readContract(&scanner)] }
        try scanner.enterArray()
        while try scanner.nextElement() { contracts.append(try readContract(&scanner)) }
        return contracts
    }

    @_lifetime(scanner: copy scanner)
    private static func readContract(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (symbol: String, rows: [Row]) {
        var symbol = ""
        var rows: [Row] = []
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "symbol" {
                symbol = try scanner.text()
            } else if key == "brackets" {
                rows = try readRows(&scanner)
            } else {
                try scanner.skipValue()
            }
        }
        return (symbol, rows)
    }

    /// An element of an array: a row itself, or a contract with rows within.
    @_lifetime(scanner: copy scanner)
    private static func readElement(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (own: Row?, nested: [Row]) {
        var floor: Money?
        var cap: Money?
        var rate: Ratio?
        var cum: Money?
        var leverage: Int64 = 0
        var nested: [Row] = []
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "notionalFloor" {
                floor = Money(units: try scanner.decimalUnits())
            } else if key == "notionalCap" {
                cap = try readCap(&scanner)
            } else if key == "maintMarginRatio" {
                rate = Ratio(units: try scanner.decimalUnits())
            } else if key == "cum" {
                cum = Money(units: try scanner.decimalUnits())
            } else if key == "initialLeverage" {
                leverage = try scanner.integer()
            } else if key == "brackets" {
                nested = try readRows(&scanner)
            } else {
                try scanner.skipValue()
            }
        }
        guard let floor, let cap, let rate, let cum else { return (nil, nested) }
        let row = Row(floor: floor, cap: cap, rate: rate, cum: cum, maximumLeverage: leverage)
        return (row, nested)
    }

    /// A cap; venues write 2^63 − 1 and the like for none, which is the range's end here.
    @_lifetime(scanner: copy scanner)
    private static func readCap(_ scanner: inout JSONScanner) throws(JSONError) -> Money {
        let start = scanner.offset
        var digits = try scanner.rawValue()
        if digits.byteCount > 1, digits.byte(0) == UInt8(ascii: "\"") {
            digits = digits.extracting(1..<digits.byteCount - 1)
        }
        do throws(DecimalText.Problem) {
            return try Money(digits)
        } catch {
            if error == .tooLarge { return MarginLimits.notional }
            throw JSONError(.badNumber, offset: start, field: "notionalCap")
        }
    }
}
