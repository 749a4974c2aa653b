/// Tells the exchanges behind one port apart, by the path's first part or the host's.
///
/// Futures have what nobody else claims: `/fapi`, `/ws`, `/stream`, `/public`, `/market`, `/private`,
/// `/ws-fapi`. Spot has `/api`, `/sapi`, `/ws-api`, all under the base path `/spot`, and hosts whose
/// first label is `spot`, `api`, `stream` or `ws-api`. MEXC has the base path `/mexc` and hosts whose
/// first label is `mexc` or `wbs-api`. A base path is taken off before the exchange sees the path.
internal struct PaperRoutes {
    private let futures: Int
    private let spot: Int?
    private let mexc: Int?

    /// - Parameter names: the exchanges by number; the first one also takes what nobody claims.
    init(names: [String]) {
        futures = names.firstIndex(of: "futures") ?? 0
        spot = names.firstIndex(of: "spot")
        mexc = names.firstIndex(of: "mexc")
    }

    /// The exchange's number and the path as it knows it.
    func route(path: String, host: String?) -> (number: Int, path: String) {
        if let mexc, let rest = PaperRoutes.strip("/mexc", from: path) { return (mexc, rest) }
        if let spot, let rest = PaperRoutes.strip("/spot", from: path) { return (spot, rest) }
        switch host?.prefix(while: { $0 != "." && $0 != ":" }).lowercased() {
        case "mexc", "wbs-api": return (mexc ?? futures, path)
        case "spot", "api", "stream", "ws-api": return (spot ?? futures, path)
        case _: break
        }
        let isSpot = ["/api/", "/sapi/", "/ws-api/"].contains { path.hasPrefix($0) }
        return (isSpot ? spot ?? futures : futures, path)
    }

    private static func strip(_ base: String, from path: String) -> String? {
        guard path.hasPrefix(base) else { return nil }
        let rest = path.dropFirst(base.count)
        if rest.isEmpty { return "/" }
        return rest.hasPrefix("/") ? String(rest) : nil
    }
}
