package import Bytes
package import Trading

/// A spot venue whose bodies of orders, trades and holdings are of the one shape both venues share.
package protocol SpotDialect: VenueDialect {}

extension SpotDialect {
    package func decodeHoldings(_ bytes: RawSpan) throws(JSONError) -> [VenueHolding] {
        try SpotOrders.holdings(bytes)
    }
    package func decodePlacement(
        _ bytes: RawSpan, _ intent: OrderIntent
    ) throws(JSONError) -> VenuePlacement {
        try SpotOrders.placement(bytes, intent)
    }
    package func decodeOrder(_ bytes: RawSpan) throws(JSONError) -> VenueOrder {
        try SpotOrders.order(bytes)
    }
    package func decodeOrders(_ bytes: RawSpan) throws(JSONError) -> [VenueOrder] {
        try SpotOrders.orders(bytes)
    }
    package func decodeTrades(_ bytes: RawSpan) throws(JSONError) -> [Fill] {
        try SpotOrders.trades(bytes)
    }
}
