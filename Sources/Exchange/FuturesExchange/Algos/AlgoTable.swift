internal import Trading

/// The account's conditional orders: found by id and by client id, open ones by market.
internal struct AlgoTable: Sendable {
    private(set) var all: [AlgoOrder] = []
    /// The numbers of open ones, by market.
    private var openByMarket: [Int: [Int64]] = [:]
    /// Which conditional order a market's open order came of.
    private var origins: [Int: [Int64: Int64]] = [:]
    var nextID: Int64 = 2_000_001
    private(set) var openCount = 0

    private func index(_ algoID: Int64) -> Int? {
        var low = 0
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].algoID < algoID { low = middle + 1 } else { high = middle }
        }
        return low < all.count && all[low].algoID == algoID ? low : nil
    }

    subscript(algoID: Int64) -> AlgoOrder? { index(algoID).map { all[$0] } }

    /// The newest under a client's id.
    func algo(client: String) -> AlgoOrder? { all.last { $0.clientAlgoID == client } }

    func openNumbers(_ market: Int) -> [Int64] { openByMarket[market] ?? [] }

    /// Markets with open ones, ascending.
    var openMarkets: [Int] {
        if openCount == 0 { return [] }
        return openByMarket.filter { !$0.value.isEmpty }.keys.sorted()
    }

    func hasOpen(_ market: Int) -> Bool { openByMarket[market]?.isEmpty == false }

    /// The conditional order that an order came of.
    func origin(_ market: Int, _ orderID: Int64) -> Int64? { origins[market]?[orderID] }

    mutating func put(_ algo: AlgoOrder, _ market: Int) {
        var wasOpen = false
        if let index = index(algo.algoID) {
            wasOpen = all[index].status.isOpen
            all[index] = algo
        } else {
            all.append(algo)
            nextID = max(nextID, algo.algoID + 1)
        }
        if algo.status.isOpen, !wasOpen {
            openByMarket[market, default: []].append(algo.algoID)
            openCount += 1
        }
        if !algo.status.isOpen, wasOpen {
            openByMarket[market]?.removeAll { $0 == algo.algoID }
            openCount -= 1
        }
        if let orderID = algo.orderID {
            origins[market, default: [:]][orderID] =
                algo.status == .triggered ? algo.algoID : nil
        }
    }

    /// Forgets the oldest ended ones where there are a fifth too many.
    mutating func prune(kept: Int) {
        guard all.count - openCount > kept + kept / 5 else { return }
        var excess = all.count - openCount - kept
        all.removeAll { algo in
            guard excess > 0, !algo.status.isOpen, algo.status != .triggered else { return false }
            excess -= 1
            return true
        }
    }
}
