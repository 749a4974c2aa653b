// VenueProtocol: what venues are told and what they say, as values; no sockets and no clocks.
// 1. A request is a value with its parameters in a fixed order; the signature covers the very bytes
//    that are sent, and is the last pair.
// 2. A secret, a signature or a listen key never stands in a description.
// 3. Decoders read borrowed bytes in one pass, skip what they do not know, keep unknown enum values
//    (T12), and answer malformed input with an error that says where; nothing traps.
// 4. A failure is classified by its code first and its HTTP status second; an order's outcome is
//    only called a refusal where the venue says that it was not executed.
// Each venue's dialect lives in a folder of its own; `Market` holds what their streams share.

/// The dialects this room speaks.
package enum VenueKind: String, Sendable, CaseIterable {
    case binanceFutures = "binance-usdm"
    case binanceSpot = "binance-spot"
    case mexcSpot = "mexc-spot"
}
