import Bounded
import BusProtocol
import Chronology
import Margin
import RiskEngineService
import Testing
import Trading

@Suite struct RiskDeskChaosTests {
    /// Messages lost, doubled and reordered, answers delayed and lost, outages, a trimmed journal.
    private struct Run {
        var stage = RiskStage()
        var random: SplitMix64
        /// Ledger messages and answers on their way, any of which may be lost.
        var messages: [LedgerEntry] = []
        var requests: [RiskAction] = []
        let accounts = ["a", "b", "c", "d"].map { account($0) }
        let symbols = [bitcoin, ether]

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            stage.answersRequests = false
        }

        mutating func step() {
            stage.pass(.milliseconds(Int64.random(in: 0...3, using: &random) * 100))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30: change()
            case 30..<70: deliver()
            case 70..<95: answer()
            case 95..<97: stage.send(.redisDown)
            case 97..<99: stage.send(.redisUp)
            case _:
                stage.books.trimmedBefore = max(1, stage.books.sequence - 2)
                stage.send(.ledgerSubscribed)
            }
            collect()
        }

        private mutating func change() {
            let account = accounts[Int.random(in: 0..<4, using: &random)]
            let symbol = symbols[Int.random(in: 0..<2, using: &random)]
            let size = Quantity.whole(Int64.random(in: -2...2, using: &random))
            let isDeposit = Int.random(in: 0..<3, using: &random) == 0
            messages.append(
                isDeposit
                    ? stage.books.deposit(account, .whole(100))
                    : stage.books.fill(account, symbol, size, at: price("100")))
        }

        private mutating func deliver() {
            guard !messages.isEmpty else { return }
            let place = Int.random(in: 0...min(1, messages.count - 1), using: &random)
            let entry = messages.remove(at: place)
            let copies = [0, 1, 1, 1, 1, 2][Int.random(in: 0..<6, using: &random)]
            for _ in 0..<copies { stage.send(.ledgerReceived(entry)) }
        }

        private mutating func answer() {
            guard !requests.isEmpty else { return }
            let request = requests.removeFirst()
            switch (request, Int.random(in: 0..<12, using: &random)) {
            case (.load(let number), 0): stage.send(.loadFailed(number, reason: "test"))
            case (.catchUp(let number, _), 0): stage.send(.catchUpFailed(number, reason: "test"))
            case (_, 1): break
            case (.load(let number), _): load(number)
            case (let other, _): stage.answer(other)
            }
        }

        /// A load whose records are read some changes after its journal number.
        private mutating func load(_ number: UInt64) {
            let sequence = stage.books.sequence
            for _ in 0..<Int.random(in: 0...2, using: &random) { change() }
            stage.send(.loaded(number, stage.books.load(since: sequence)))
        }

        private mutating func collect() {
            for action in stage.seen {
                switch action {
                case .load, .catchUp, .readSequence: requests.append(action)
                case .watch, .unwatch, .save, .saveTier, .command, .alert, .askPrice: break
                }
            }
        }
    }

    @Test(
        "P3, P4: under chaos every snapshot is a state the ledger had at its number, and the end is whole"
    )
    func everySnapshotIsTrue() {
        let base = UInt64.random(in: 0...UInt64.max / 2)
        for round in 0..<60 {
            let seed = base + UInt64(round)
            var run = Run(seed: seed)
            run.stage.start()
            for _ in 0..<400 {
                run.step()
                for record in run.stage.snapshots {
                    let truth = run.stage.books.state(of: record.account, at: record.ledgerSequence)
                    let held = Dictionary(
                        uniqueKeysWithValues: record.positions.map { ($0.symbol, $0.quantity) })
                    #expect(
                        record.wallet == truth.wallet && held == truth.positions,
                        "seed \(seed): \(record.account) at \(record.ledgerSequence)")
                }
                // What is written over each other is the last snapshot, whatever was between.
                var last: [AccountID: RiskRecord] = [:]
                for record in run.stage.snapshots { last[record.account] = record }
                for (account, record) in last {
                    #expect(
                        run.stage.stored[account]
                            == Dictionary(record.fields, uniquingKeysWith: { $1 }), "seed \(seed)")
                }
                run.stage.forget()
            }
            run.stage.answersRequests = true
            run.stage.send(.redisUp)
            run.stage.pass(.seconds(8))
            #expect(run.stage.desk.ledgerSequence == run.stage.books.sequence, "seed \(seed)")
            let names = Set(run.stage.snapshots.map(\.account))
            #expect(names == Set(run.stage.books.accounts), "seed \(seed)")
        }
    }
}
