package import Bytes
package import Trading

/// How a futures account is set up.
package struct FuturesAccountConfig: Equatable, Sendable {
    package var canTrade: Bool
    /// Hedge mode: a long and a short position of one symbol side by side.
    package var isHedge: Bool
    package var isMultiAssets: Bool
}

/// How one symbol of a futures account is set up.
package struct FuturesSymbolConfig: Equatable, Sendable {
    package var symbol: Symbol
    package var leverage: Int64
    package var isIsolated: Bool
}

extension BinanceFutures {
    package static var accountConfig: VenueRequest {
        VenueRequest(.get, "/fapi/v1/accountConfig", security: .signed, weight: 5)
    }

    /// All symbols' leverage and margin type.
    package static var symbolConfig: VenueRequest {
        VenueRequest(.get, "/fapi/v1/symbolConfig", security: .signed, weight: 5)
    }

    package static func decodeAccountConfig(
        _ bytes: RawSpan
    ) throws(JSONError) -> FuturesAccountConfig {
        var scanner = JSONScanner(bytes)
        var flags: (trade: Bool?, hedge: Bool?, multi: Bool?)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "canTrade": flags.trade = try scanner.boolean()
            case "dualSidePosition": flags.hedge = try scanner.boolean()
            case "multiAssetsMargin": flags.multi = try scanner.boolean()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        let end = scanner.offset
        return FuturesAccountConfig(
            canTrade: try require(flags.trade, "canTrade", at: end),
            isHedge: try require(flags.hedge, "dualSidePosition", at: end),
            isMultiAssets: try require(flags.multi, "multiAssetsMargin", at: end))
    }

    package static func decodeSymbolConfig(
        _ bytes: RawSpan
    ) throws(JSONError) -> [FuturesSymbolConfig] {
        var scanner = JSONScanner(bytes)
        var configs: [FuturesSymbolConfig] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            var symbol: Symbol?
            var leverage: Int64?
            var marginType = ""
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "symbol": symbol = Symbol(try scanner.text())
                case "leverage": leverage = try scanner.integer()
                case "marginType": marginType = try scanner.lenientText()
                case _: try scanner.skipValue()
                }
            }
            // A symbol whose name this build cannot hold is not traded either.
            guard let symbol else { continue }
            configs.append(
                FuturesSymbolConfig(
                    symbol: symbol,
                    leverage: try require(leverage, "leverage", at: scanner.offset),
                    isIsolated: marginType == "ISOLATED"))
        }
        try scanner.finish()
        return configs
    }
}
