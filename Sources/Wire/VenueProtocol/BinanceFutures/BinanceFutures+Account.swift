package import Bytes
package import Trading

/// One asset of a futures account.
package struct VenueBalance: Equatable, Sendable {
    package var asset: String
    package var wallet = Money.zero
    package var crossWallet = Money.zero
    package var crossUnrealized = Money.zero
    package var available = Money.zero
    package var updatedMilliseconds: Int64 = 0

    package init(asset: String) { self.asset = asset }
}

/// The net position of the account in one symbol, and side where the account is in hedge mode.
package struct VenuePosition: Equatable, Sendable {
    package var symbol: Symbol
    /// BOTH in one-way mode, else LONG or SHORT.
    package var positionSide = "BOTH"
    /// Signed; negative is short.
    package var quantity = Quantity.zero
    package var entryPrice = Price.zero
    package var markPrice = Price.zero
    package var unrealized = Money.zero
    /// Zero where there is none.
    package var liquidationPrice = Price.zero
    package var notional = Money.zero
    package var initialMargin = Money.zero
    package var maintenanceMargin = Money.zero
    package var updatedMilliseconds: Int64 = 0

    package init(symbol: Symbol) { self.symbol = symbol }
}

/// A futures account as a whole.
package struct VenueAccount: Equatable, Sendable {
    package var wallet = Money.zero
    package var unrealized = Money.zero
    package var marginBalance = Money.zero
    package var initialMargin = Money.zero
    package var maintenanceMargin = Money.zero
    package var available = Money.zero
    package var assets: [VenueBalance] = []
    package var positions: [VenuePosition] = []

    package init() {}
}

/// The maintenance brackets of one symbol, ascending by notional.
package struct LeverageBrackets: Equatable, Sendable {
    package struct Row: Equatable, Sendable {
        package var number: Int64 = 0
        package var initialLeverage: Int64 = 0
        package var notionalFloor = Money.zero
        package var notionalCap = Money.zero
        package var maintenanceRatio = Ratio.zero
        /// What is subtracted: notional × ratio − cumulative is the maintenance margin.
        package var cumulative = Money.zero

        package init() {}
    }
    package var symbol: Symbol
    package var rows: [Row]

    package init(symbol: Symbol, rows: [Row]) {
        self.symbol = symbol
        self.rows = rows
    }
}

extension BinanceFutures {
    package static func decodeBalances(_ bytes: RawSpan) throws(JSONError) -> [VenueBalance] {
        var scanner = JSONScanner(bytes)
        let balances = try readBalances(&scanner)
        try scanner.finish()
        return balances
    }

    private static func readBalances(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> [VenueBalance] {
        var balances: [VenueBalance] = []
        try scanner.enterArray()
        while try scanner.nextElement() { balances.append(try readBalance(&scanner)) }
        return balances
    }

    /// `balance` of the balance call is `walletBalance` in the account call.
    private static func readBalance(_ scanner: inout JSONScanner) throws(JSONError) -> VenueBalance
    {
        var balance = VenueBalance(asset: "")
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "asset": balance.asset = try scanner.text()
            case "balance", "walletBalance": balance.wallet = try scanner.decimal()
            case "crossWalletBalance": balance.crossWallet = try scanner.decimal()
            case "crossUnPnl": balance.crossUnrealized = try scanner.decimal()
            case "availableBalance": balance.available = try scanner.decimal()
            case "updateTime": balance.updatedMilliseconds = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        guard !balance.asset.isEmpty else {
            throw JSONError(.missingField, offset: scanner.offset, field: "asset")
        }
        return balance
    }

    /// Reads positionRisk of version 2 or 3.
    package static func decodePositions(_ bytes: RawSpan) throws(JSONError) -> [VenuePosition] {
        var scanner = JSONScanner(bytes)
        let positions = try readPositions(&scanner)
        try scanner.finish()
        return positions
    }

    private static func readPositions(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> [VenuePosition] {
        var positions: [VenuePosition] = []
        try scanner.enterArray()
        while try scanner.nextElement() { positions.append(try readPosition(&scanner)) }
        return positions
    }

    private static func readPosition(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> VenuePosition {
        let start = scanner.offset
        let raw = try scanner.rawValue()
        var position = VenuePosition(symbol: try symbolField(raw, at: start))
        var quantity: Quantity?
        var scanner = JSONScanner(raw)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "positionSide": position.positionSide = try scanner.text()
            case "positionAmt": quantity = try scanner.decimal()
            case "entryPrice": position.entryPrice = try scanner.decimal()
            case "markPrice": position.markPrice = try scanner.lenientDecimal()
            case "unRealizedProfit", "unrealizedProfit":
                position.unrealized = try scanner.decimal()
            case "liquidationPrice": position.liquidationPrice = try scanner.cappedDecimal()
            case "notional": position.notional = try scanner.lenientDecimal()
            case "initialMargin": position.initialMargin = try scanner.lenientDecimal()
            case "maintMargin": position.maintenanceMargin = try scanner.lenientDecimal()
            case "updateTime": position.updatedMilliseconds = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        position.quantity = try require(quantity, "positionAmt", at: start)
        return position
    }

    private static func symbolField(_ raw: RawSpan, at offset: Int) throws(JSONError) -> Symbol {
        var scanner = JSONScanner(raw)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "symbol" { return try scanner.symbol() }
            try scanner.skipValue()
        }
        throw JSONError(.missingField, offset: offset, field: "symbol")
    }

    /// Reads account of version 2 or 3; version 3 lists its positions without entry prices.
    package static func decodeAccount(_ bytes: RawSpan) throws(JSONError) -> VenueAccount {
        var scanner = JSONScanner(bytes)
        var account = VenueAccount()
        var wallet: Money?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "totalWalletBalance": wallet = try scanner.decimal()
            case "totalUnrealizedProfit": account.unrealized = try scanner.decimal()
            case "totalMarginBalance": account.marginBalance = try scanner.decimal()
            case "totalInitialMargin": account.initialMargin = try scanner.decimal()
            case "totalMaintMargin": account.maintenanceMargin = try scanner.decimal()
            case "availableBalance": account.available = try scanner.decimal()
            case "assets": account.assets = try readBalances(&scanner)
            case "positions": account.positions = try readPositions(&scanner)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        account.wallet = try require(wallet, "totalWalletBalance", at: scanner.offset)
        return account
    }

    /// Reads leverageBracket as a bare object or as an array.
    package static func decodeLeverageBrackets(
        _ bytes: RawSpan
    ) throws(JSONError) -> [LeverageBrackets] {
        var scanner = JSONScanner(bytes)
        var all: [LeverageBrackets] = []
        if try scanner.nextKind() == .object {
            all.append(try readBrackets(&scanner))
        } else {
            try scanner.enterArray()
            while try scanner.nextElement() { all.append(try readBrackets(&scanner)) }
        }
        try scanner.finish()
        return all
    }

    private static func readBrackets(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> LeverageBrackets {
        var symbol: Symbol?
        var rows: [LeverageBrackets.Row] = []
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = try scanner.symbol()
            case "brackets":
                try scanner.enterArray()
                while try scanner.nextElement() { rows.append(try readBracket(&scanner)) }
            case _: try scanner.skipValue()
            }
        }
        rows.sort { $0.notionalFloor < $1.notionalFloor }
        return LeverageBrackets(
            symbol: try require(symbol, "symbol", at: scanner.offset), rows: rows)
    }

    private static func readBracket(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> LeverageBrackets.Row {
        var row = LeverageBrackets.Row()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "bracket": row.number = try scanner.integer()
            case "initialLeverage": row.initialLeverage = try scanner.integer()
            case "notionalCap": row.notionalCap = try scanner.cappedDecimal()
            case "notionalFloor": row.notionalFloor = try scanner.cappedDecimal()
            case "maintMarginRatio": row.maintenanceRatio = try scanner.decimal()
            case "cum": row.cumulative = try scanner.decimal()
            case _: try scanner.skipValue()
            }
        }
        guard !row.maintenanceRatio.isNegative, row.notionalCap > row.notionalFloor else {
            throw JSONError(.badValue, offset: scanner.offset, field: "notionalCap")
        }
        return row
    }

    /// Whether the account is in hedge mode (positionSide/dual).
    package static func decodePositionMode(_ bytes: RawSpan) throws(JSONError) -> Bool {
        try flag("dualSidePosition", bytes)
    }

    /// Whether the account is in multi-assets mode.
    package static func decodeMultiAssetsMode(_ bytes: RawSpan) throws(JSONError) -> Bool {
        try flag("multiAssetsMargin", bytes)
    }

    private static func flag(_ name: StaticString, _ bytes: RawSpan) throws(JSONError) -> Bool {
        var scanner = JSONScanner(bytes)
        var value: Bool?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == name { value = try scanner.boolean() } else { try scanner.skipValue() }
        }
        try scanner.finish()
        return try require(value, "\(name)", at: scanner.offset)
    }

    /// The key of a listen-key answer, or nil where the answer has none (some venues answer `{}`).
    package static func decodeListenKey(_ bytes: RawSpan) throws(JSONError) -> String? {
        var scanner = JSONScanner(bytes)
        var listenKey: String?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "listenKey": listenKey = try scanner.text()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return listenKey?.isEmpty == true ? nil : listenKey
    }
}
