import Bounded
import Bytes
import Glibc
import Margin
import Trading

func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
func money(_ text: String) -> Money { Money(text: text)! }
func ratio(_ text: String) -> Ratio { Ratio(text: text)! }

/// Brackets from caps and rates; floors and cums follow.
func brackets(_ rows: [(cap: String, rate: String)]) -> MaintenanceBrackets {
    var built: [MaintenanceBrackets.Row] = []
    var floor = Money.zero
    var cum = Money.zero
    var last = Ratio.zero
    for (cap, rate) in rows {
        let rate = ratio(rate)
        cum += floor.scaled(by: rate - last, .nearestEven)
        built.append(
            .init(floor: floor, cap: money(cap), rate: rate, cum: built.isEmpty ? .zero : cum))
        floor = money(cap)
        last = rate
    }
    return (try? MaintenanceBrackets(built))!
}

/// One row for every notional, with a cum that only a published vector can have.
struct PublishedRow {
    let rate: String
    let cum: String

    /// Rows whose second holds all notionals of interest with this rate and cum.
    var brackets: MaintenanceBrackets {
        let first = Ratio(units: 4_000_000_000)
        let rate = ratio(rate)
        let floor = money(cum).divided(by: Price(units: (rate - first).units), .nearestEven)
        return
            (try? MaintenanceBrackets([
                .init(floor: .zero, cap: Money(units: floor.units), rate: first, cum: .zero),
                .init(
                    floor: Money(units: floor.units), cap: .whole(1_000_000_000), rate: rate,
                    cum: Money(units: floor.units).scaled(by: rate - first, .nearestEven)),
            ]))!
    }
}

/// Where the shared fixtures lie: `PMS_FIXTURES`, or the folder beside the repository.
func fixture(_ name: String) -> [UInt8]? {
    let root = unsafe getenv("PMS_FIXTURES").map { unsafe String(cString: $0) }
    for folder in [root, "../shared/fixtures", "../../shared/fixtures"].compactMap(\.self) {
        if let bytes = contents(of: "\(folder)/\(name)") { return bytes }
    }
    return nil
}

private func contents(of path: String) -> [UInt8]? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

/// Random brackets and portfolios from a seed.
struct PortfolioGenerator {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func brackets() -> MaintenanceBrackets {
        var rows: [(cap: String, rate: String)] = []
        var cap = Int.random(in: 1...20, using: &random) * 5_000
        var rate = Int.random(in: 4...25, using: &random)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            rows.append(("\(cap)", Ratio(units: Int128(rate) * 1_000_000_000).text))
            cap *= Int.random(in: 2...6, using: &random)
            rate = min(500, rate + Int.random(in: 0...rate, using: &random))
        }
        return MarginTests.brackets(rows)
    }

    mutating func position() -> MarginPosition {
        let scale = [1, 100, 10_000, 1_000_000][Int.random(in: 0..<4, using: &random)]
        let mark =
            Int128.random(in: 1_000...60_000_000, using: &random) * 1_000_000
            * Int128(scale)
        let entry = mark * Int128.random(in: 700...1_300, using: &random) / 1_000
        let notional = Int128.random(in: 10...2_000_000, using: &random)
        let size = notional * 1_000_000_000_000 * 1_000 / mark * 1_000_000_000
        let signed = (size == 0 ? 1_000_000_000 : size) * (Bool.random(using: &random) ? 1 : -1)
        return MarginPosition(
            quantity: Quantity(units: signed), entryPrice: Price(units: entry),
            mark: Price(units: mark), brackets: brackets())!
    }

    mutating func portfolio() -> MarginAssessment {
        let positions = (0..<Int.random(in: 1...6, using: &random)).map { _ in position() }
        let gross = positions.reduce(Money.zero) { $0 + $1.notional }
        let share = Ratio(units: Int128.random(in: -50...1_200, using: &random) * 1_000_000_000)
        let loss = positions.reduce(Money.zero) { $0 + $1.unrealised }
        return MarginAssessment(
            wallet: gross.scaled(by: share, .down) - loss, positions: positions, leverage: 20)
    }
}
