package import Bytes

extension BinanceFutures {
    /// Reads exchangeInfo. A symbol that breaks a rule is skipped and reported; only a document that
    /// is no JSON at all throws.
    package static func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try ExchangeInfo(bytes, .binanceFutures)
    }
}
