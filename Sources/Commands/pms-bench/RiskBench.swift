import Bounded
import CFloor
import Chronology
import Margin
import Trading

/// One new mark of a contract that N accounts hold, each with ten positions: followed, and the sums
/// added up anew; the floor does the same arithmetic on the same layout.
let riskBenchmark = Benchmark(name: "risk") {
    var figures: [Figure] = []
    for accounts in [10, 100, 1_000, 10_000] {
        var sample = RiskSample(accounts: accounts, seed: 3)
        figures += try sample.figures()
    }
    return figures
}

/// The two did not come to the same sums: the figures would not compare the same work.
private struct RiskBenchProblem: Error {}

private struct RiskSample {
    static let contracts = 10
    static let rounds = 200

    let accounts: Int
    private var grid = MarginGrid()
    private let floor: FloorGrid
    private var marks: [Price] = []
    private var due: [Int32] = []

    init(accounts: Int, seed: UInt64) {
        self.accounts = accounts
        var random = SplitMix64(seed: seed)
        let brackets = MaintenanceBrackets.conservative
        let wallet = Money.whole(100_000)
        floor = FloorGrid(accounts, Self.contracts, brackets, wallet)
        for _ in 0..<accounts {
            let number = grid.addAccount(wallet: wallet)
            grid.update(number) { $0.notBefore = Instant(nanoseconds: Int64.max) }
        }
        for contract in 0..<Self.contracts {
            _ = grid.addContract(brackets)
            for account in 0..<accounts {
                let quantity = Quantity(
                    units: Int128.random(in: -9_999...9_999, using: &random) * 100_000_000)
                let entry = Price(
                    units: Int128.random(in: 500_000...700_000, using: &random) * 100_000_000_000)
                // None is empty, so that both have as many.
                let held = quantity.isZero ? Quantity.one : quantity
                grid.setPosition(Int32(account), contract, held, entryPrice: entry)
                floor.set(contract, account, held, entry)
            }
        }
        for _ in 0..<16 {
            marks.append(
                Price(units: Int128.random(in: 590_000...610_000, using: &random) * 100_000_000_000))
        }
        due.reserveCapacity(accounts)
    }

    @inline(never) private mutating func follow(_ round: Int) {
        due.removeAll(keepingCapacity: true)
        grid.markReceived(0, marks[round & 15], now: Instant(nanoseconds: 1), &due)
    }

    @inline(never) private mutating func recompute(_ round: Int) {
        follow(round)
        grid.recompute()
    }

    mutating func figures() throws -> [Figure] {
        for contract in 0..<Self.contracts {
            grid.markReceived(contract, marks[0], now: Instant(nanoseconds: 1), &due)
            Measure.sink(floor.tick(contract, marks[0]))
        }
        let (own, base, allocations) = measure(
            { $0.follow($1) }, { $0.floor.tick(0, $0.marks[$1 & 15]) })
        let (whole, wholeBase, more) = measure(
            { $0.recompute($1) },
            {
                Measure.sink($0.floor.tick(0, $0.marks[$1 & 15]))
                return $0.floor.recompute()
            })
        guard check() == floor.check else { throw RiskBenchProblem() }
        let name = "risk.tick-\(accounts)"
        let count = Double(accounts)
        return [
            Figure(name, own / 1_000, "us", floor: base / 1_000),
            Figure("\(name).position", own / count, "ns", floor: base / count),
            Figure("\(name).recomputed", whole / 1_000, "us", floor: wholeBase / 1_000),
            Figure("\(name).allocations", Double(allocations + more), "per run"),
        ]
    }

    /// The least time of a round of each, the two by turns.
    private mutating func measure(
        _ body: (inout RiskSample, Int) -> Void, _ plain: (RiskSample, Int) -> UInt64
    ) -> (own: Double, floor: Double, allocations: UInt64) {
        let clock = SystemTime()
        var (own, base) = (Double.infinity, Double.infinity)
        var allocations: UInt64 = 0
        for round in 0..<Self.rounds {
            let counted = floor_allocations()
            let start = clock.now
            body(&self, round)
            own = min(own, Double((clock.now - start).nanoseconds))
            if round > 0 { allocations += floor_allocations() - counted }
            let second = clock.now
            Measure.sink(plain(self, round))
            base = min(base, Double((clock.now - second).nanoseconds))
        }
        return (own, base, allocations)
    }

    private func check() -> UInt64 {
        grid.accounts.indices.reduce(0) { mixed, number in
            let unrealised = grid.unrealised(of: Int32(number)).units
            let maintenance = grid.accounts[number].maintenance.units
            let first = mixed &* 31 &+ UInt64(truncatingIfNeeded: unrealised)
            return first &* 31 &+ UInt64(truncatingIfNeeded: maintenance)
        }
    }
}

/// The plain-C grid.
@safe private final class FloorGrid {
    private let grid: OpaquePointer

    init(_ accounts: Int, _ contracts: Int, _ brackets: MaintenanceBrackets, _ wallet: Money) {
        let rows = brackets.rows.flatMap { row in
            [row.floor.units, row.cap.units, row.rate.units, row.cum.units].flatMap(FloorGrid.words)
        }
        let wallets = (0..<accounts).flatMap { _ in FloorGrid.words(wallet.units) }
        unsafe grid = floor_grid_create(
            Int32(accounts), Int32(contracts), rows, Int32(brackets.rows.count), wallets)
    }

    deinit { unsafe floor_grid_free(grid) }

    private static func words(_ units: Int128) -> [UInt64] {
        let bits = UInt128(bitPattern: units)
        return [UInt64(truncatingIfNeeded: bits), UInt64(truncatingIfNeeded: bits >> 64)]
    }

    func set(_ contract: Int, _ account: Int, _ quantity: Quantity, _ entry: Price) {
        unsafe floor_grid_set(
            grid, Int32(contract), Int32(account), FloorGrid.words(quantity.units),
            FloorGrid.words(entry.units))
    }

    func tick(_ contract: Int, _ mark: Price) -> UInt64 {
        unsafe floor_grid_tick(grid, Int32(contract), FloorGrid.words(mark.units))
    }

    func recompute() -> UInt64 { unsafe floor_grid_recompute(grid) }
    var check: UInt64 { unsafe floor_grid_check(grid) }
}
