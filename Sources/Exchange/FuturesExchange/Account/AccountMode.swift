/// The account's switches.
package struct AccountMode: Equatable, Sendable {
    /// Long and short positions side by side (`dualSidePosition`).
    package internal(set) var isHedge = false
    /// A flag only: the exchange has one margin asset.
    package internal(set) var isMultiAssets = false
    package internal(set) var isFeeBurn = true

    init() {}
}
