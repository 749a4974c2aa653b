internal import Bytes
internal import Trading

extension AccountUpdate {
    static func decode(_ bytes: RawSpan) throws(JSONError) -> AccountUpdate {
        var scanner = JSONScanner(bytes)
        var update = AccountUpdate()
        var sawAccount = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "E": update.eventMilliseconds = try scanner.integer()
            case "T": update.transactionMilliseconds = try scanner.integer()
            case "a":
                sawAccount = true
                try update.readAccount(&scanner)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard sawAccount else {
            throw JSONError(.missingField, offset: scanner.offset, field: "a")
        }
        return update
    }

    private mutating func readAccount(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "m": reason = try scanner.lenientText()
            case "B":
                try scanner.enterArray()
                while try scanner.nextElement() { balances.append(try Balance.read(&scanner)) }
            case "P":
                try scanner.enterArray()
                while try scanner.nextElement() { positions.append(try Position.read(&scanner)) }
            case _: try scanner.skipValue()
            }
        }
    }
}

extension AccountUpdate.Balance {
    fileprivate static func read(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> AccountUpdate.Balance {
        var balance = AccountUpdate.Balance()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "a": balance.asset = try scanner.text()
            case "wb": balance.wallet = try scanner.decimal()
            case "cw": balance.crossWallet = try scanner.decimal()
            case "bc": balance.change = try scanner.lenientDecimal()
            case _: try scanner.skipValue()
            }
        }
        return balance
    }
}

extension AccountUpdate.Position {
    fileprivate static func read(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> AccountUpdate.Position {
        var symbol: Symbol?
        var quantity: Quantity?
        var entry = Price.zero
        var unrealized = Money.zero
        var side = "BOTH"
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "s": symbol = try scanner.symbol()
            case "pa": quantity = try scanner.decimal()
            case "ep": entry = try scanner.decimal()
            case "up": unrealized = try scanner.lenientDecimal()
            case "ps": side = try scanner.text()
            case _: try scanner.skipValue()
            }
        }
        var position = AccountUpdate.Position(
            symbol: try require(symbol, "s", at: scanner.offset),
            quantity: try require(quantity, "pa", at: scanner.offset))
        position.entryPrice = entry
        position.unrealized = unrealized
        position.positionSide = side
        return position
    }
}
