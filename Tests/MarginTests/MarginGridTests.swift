import Bounded
import Chronology
import Margin
import Testing
import Trading

@Suite("B5a: sums that follow the marks")
struct MarginGridTests {
    private let far = Instant(nanoseconds: Int64.max)

    /// The same accounts kept plainly, and assessed whole each time.
    private struct Plain {
        var wallets: [Money]
        var positions: [[Int: (quantity: Quantity, entry: Price)]]
        var marks: [Int: Price] = [:]
        var brackets: [MaintenanceBrackets]

        func assessment(_ account: Int) -> MarginAssessment {
            let held = positions[account].sorted { $0.key < $1.key }.compactMap { contract, held in
                marks[contract].flatMap {
                    MarginPosition(
                        quantity: held.quantity, entryPrice: held.entry, mark: $0,
                        brackets: brackets[contract])
                }
            }
            return MarginAssessment(wallet: wallets[account], positions: held, leverage: 20)
        }
    }

    @Test("whatever positions, brackets, wallets and marks do, the sums are an assessment's")
    func twin() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let other = try MaintenanceBrackets([
            MaintenanceBrackets.Row(
                floor: .zero, cap: .whole(100), rate: Ratio(text: "0.01")!, cum: .zero),
            MaintenanceBrackets.Row(
                floor: .whole(100), cap: .whole(90_000), rate: Ratio(text: "0.3")!,
                cum: .whole(29)),
        ])
        var grid = MarginGrid()
        var plain = Plain(wallets: [], positions: [], brackets: [])
        for _ in 0..<4 {
            _ = grid.addContract(.conservative)
            plain.brackets.append(.conservative)
        }
        for _ in 0..<5 {
            let number = grid.addAccount(wallet: .whole(1_000))
            let far = far
            grid.update(number) { $0.notBefore = far }
            plain.wallets.append(.whole(1_000))
            plain.positions.append([:])
        }
        var due: [Int32] = []
        for round in 0..<4_000 {
            let account = Int.random(in: 0..<5, using: &random)
            let contract = Int.random(in: 0..<4, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2:
                let quantity = Quantity(
                    units: Int128.random(in: -30...30, using: &random) * 77_000_000_001)
                let entry = Price(
                    units: Int128.random(in: 1...3_000, using: &random) * 100_000_000_007)
                grid.setPosition(Int32(account), contract, quantity, entryPrice: entry)
                plain.positions[account][contract] = quantity.isZero ? nil : (quantity, entry)
            case 3:
                let wallet = Money.whole(Int64.random(in: 0...2_000, using: &random))
                grid.update(Int32(account)) { $0.wallet = wallet }
                plain.wallets[account] = wallet
            case 4:
                let brackets = Bool.random(using: &random) ? other : .conservative
                grid.setBrackets(contract, brackets)
                plain.brackets[contract] = brackets
            case _:
                let mark = Price(
                    units: Int128.random(in: 1...3_000, using: &random) * 100_000_000_007)
                grid.markReceived(contract, mark, now: Instant(nanoseconds: 1), &due)
                plain.marks[contract] = mark
            }
            let note: Comment = "seed \(seed), round \(round)"
            for index in 0..<5 {
                let expected = plain.assessment(index)
                #expect(grid.accounts[index].equity == expected.equity, note)
                #expect(grid.accounts[index].maintenance == expected.maintenance, note)
            }
            let followed = grid.accounts
            grid.recompute()
            #expect(grid.accounts == followed, note)
        }
    }

    @Test("an account is due when its time has come, or when it reaches a higher tier before")
    func due() {
        var grid = MarginGrid()
        let contract = grid.addContract(.conservative)
        let number = grid.addAccount(wallet: .whole(100))
        grid.setPosition(number, contract, .one, entryPrice: .whole(1_000))
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        grid.update(number) {
            $0.notBefore = at(100)
            $0.atOnce = at(10)
        }
        var due: [Int32] = []
        // Maintenance 25 of equity 100.
        grid.markReceived(contract, .whole(1_000), now: at(20), &due)
        #expect(due.isEmpty)
        // 23.125 of 25 is the second tier, above the first.
        grid.markReceived(contract, .whole(925), now: at(9), &due)
        #expect(due.isEmpty)
        grid.markReceived(contract, .whole(925), now: at(20), &due)
        #expect(due == [number])
        due = []
        grid.update(number) { $0.tier = .second }
        grid.markReceived(contract, .whole(925), now: at(21), &due)
        #expect(due.isEmpty)
        grid.markReceived(contract, .whole(1_000), now: at(101), &due)
        #expect(due == [number])
    }

    @Test("a mark that is forgotten adds nothing to who holds the contract, nor to who holds it next")
    func forgotten() {
        var grid = MarginGrid()
        let contract = grid.addContract(.conservative)
        let first = grid.addAccount(wallet: .whole(1_000))
        let second = grid.addAccount(wallet: .whole(1_000))
        var due: [Int32] = []
        grid.setPosition(first, contract, .one, entryPrice: .whole(100))
        grid.markReceived(contract, .whole(40), now: far, &due)
        #expect(grid.unrealised(of: first) == .whole(-60))
        grid.forgetMark(contract)
        grid.setPosition(second, contract, .one, entryPrice: .whole(200))
        for account in [first, second] {
            #expect(grid.unrealised(of: account).isZero)
            #expect(grid.accounts[Int(account)].maintenance.isZero)
        }
        grid.markReceived(contract, .whole(150), now: far, &due)
        #expect(grid.unrealised(of: first) == .whole(50))
        #expect(grid.unrealised(of: second) == .whole(-50))
        let sums = grid.accounts
        grid.recompute()
        #expect(grid.accounts == sums)
    }
}
