/// How a floor's background behaves: the same for all its markets.
package struct MarketConditions: Equatable, Sendable {
    /// How much rests in the books, and over how many prices.
    package enum Depth: String, CaseIterable, Sendable {
        case thin
        case normal
        case deep

        /// The makers' quotes a side.
        internal var rungs: Int {
            switch self {
            case .thin: 8
            case .normal: 24
            case .deep: 60
            }
        }

        /// The size of a quote in per cent of the normal one.
        internal var sizePercent: Int64 {
            switch self {
            case .thin: 15
            case .normal: 100
            case .deep: 600
            }
        }
    }

    package var depth = Depth.normal
    /// The size of the walk's steps in per cent of what the listing says; 0 stands still.
    package var volatilityPercent: Int64 = 100

    package init() {}
}
