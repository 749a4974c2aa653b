package import Trading

/// An amount of any asset: base quantities and quote money meet in a spot account.
package struct AssetAmount: ExactDecimal {
    package let units: Int128
    package init(units: Int128) { self.units = units }
    package init(_ quantity: Quantity) { units = quantity.units }
    package init(_ money: Money) { units = money.units }

    /// Cut to the eight decimals in which the venue keeps its fees.
    internal var eightPlaces: AssetAmount {
        AssetAmount(units: units - units % 10_000)
    }
}
