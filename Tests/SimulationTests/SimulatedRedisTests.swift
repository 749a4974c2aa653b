import Bounded
import BusProtocol
import Chronology
import Margin
import Positions
import Reactor
import RedisLink
import RedisServerSupport
import Simulation
import Testing
import Trading

/// The simulated Redis answers the project's scripts as a real one does.
@Suite("The simulated Redis beside a real one")
struct SimulatedRedisTests {
    private struct Setup {
        let keys = BusKeys(venue: VenueID("twin")!)
        let symbol = Symbol("BTCUSDT")!

        func account(_ number: Int) -> AccountID { AccountID(["alpha", "beta"][number % 2])! }
        func order(_ number: Int) -> ClientOrderID {
            let code = AccountCode(["ALPHA001", "BETA0001"][number % 2])!
            return ClientOrderID.derive(account: code, origin: .manual, intent: "\(number)")
        }
        func record(_ number: Int) -> OrderRecord {
            let intent = OrderIntent(
                clientOrderID: order(number), account: account(number), symbol: symbol, side: .buy,
                type: .market, timeInForce: .goodTillCancel, quantity: .one, price: nil,
                isReduceOnly: false)
            return OrderRecord(
                intent: intent, request: "\(number)", status: "intent", intentMilliseconds: 1,
                stamp: RecordStamp(sequence: 0, writer: "twin", atMilliseconds: 1))
        }
        /// Names are taken twice, saves come late, and some after the end.
        func algoCall(_ number: Int, _ fence: Int64) -> ScriptCall {
            let isOver = number % 11 == 0
            let record = AlgoRecord(
                id: "a\(number % 5)", kind: "chase", account: account(number), symbol: symbol,
                status: isOver ? "done" : "running", reason: "", detail: "", parameters: "{}",
                state: "{}", revision: Int64(number / 3), startedMilliseconds: Int64(number % 3),
                shown: [],
                stamp: RecordStamp(
                    sequence: Int64(number / 3), writer: "twin", atMilliseconds: 1))
            return AlgoScript.call(
                record, isOver: isOver, keys: keys, fenceName: "gateway", fence: fence)
        }
    }

    /// Algorithms, orders saved, filled and saved again, with old fences, repeated trades and stale versions
    /// among them, drawn from a seed; the machine goes on from the simulated answers.
    private func calls(
        seed: UInt64, on simulated: SimulatedRedis
    ) -> [(script: SimulatedRedis.Script, call: ScriptCall, answer: [String?])] {
        let setup = Setup()
        var random = SplitMix64(seed: seed)
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        var calls: [(script: SimulatedRedis.Script, call: ScriptCall, answer: [String?])] = []
        func run(_ script: SimulatedRedis.Script, _ call: ScriptCall) -> [String?] {
            calls.append((script, call, simulated.run(script, call)))
            return calls[calls.count - 1].answer
        }
        for number in 0..<150 {
            let id = setup.order(number / 4)
            let fence: Int64 = Int.random(in: 0..<8, using: &random) == 0 ? 1 : 2
            _ = run(
                number % 3 == 0 ? .update : .intent,
                OrderScript.call(
                    setup.record(number / 4), isDone: number % 5 == 0, keys: setup.keys,
                    fenceName: "gateway", fence: fence))
            let fill = Fill(
                symbol: setup.symbol, tradeID: Int64.random(in: 1...60, using: &random),
                orderID: 7, clientOrderID: id.text,
                side: Bool.random(using: &random) ? .buy : .sell,
                price: .whole(Int64.random(in: 90...110, using: &random)),
                quantity: .whole(Int64.random(in: 1...3, using: &random)), fee: .one,
                feeAsset: "USDT", isMaker: false, timeMilliseconds: Int64(number))
            // Another writer's view of the books: empty, and long out of date.
            if number % 9 == 8 {
                machine.load(setup.account(number / 4), balance: BookBalance(), positions: [:])
            }
            let change = LedgerChange.fill(
                fill, account: setup.account(number / 4), order: id, cause: "twin")
            for case .apply(let command) in machine.submit(change).actions {
                let call = LedgerScript.call(
                    command, keys: setup.keys, fenceName: "gateway", fence: 2, writer: "twin",
                    nowMilliseconds: 1_000_000_000_000 + Int64(number))
                let answer = run(.ledger, call)
                _ = machine.replied(
                    command.token, (try? LedgerScript.reply(answer)) ?? .wrong("unreadable"))
            }
            if number % 5 == 0 {
                var shared = SharedTrades()
                var stranger = fill
                stranger.clientOrderID = "autoclose-1"
                let trade = SharedTrade(
                    fill: stranger, origin: .exchange, step: .zero, cause: "twin")
                for case .apply(let command) in shared.submit(trade, machine).actions {
                    let call = SharedTradeScript.call(
                        command, keys: setup.keys, fenceName: "gateway", fence: fence,
                        writer: "twin", nowMilliseconds: 1_000_000_000_000 + Int64(number))
                    let answer = run(.shared, call)
                    _ = shared.replied(
                        command.token, (try? SharedTradeScript.reply(answer)) ?? .refused, &machine)
                }
            }
            if number % 3 == 0 {
                let stamp = RecordStamp(
                    sequence: Int64(number), writer: "twin", atMilliseconds: 1)
                var tier = TierRecord(
                    account: setup.account(number), tier: .second, marginRatio: .one, stamp: stamp)
                // Some decisions come twice: a save that was made again.
                tier.decision = "\(number / 2)"
                let entry = DecisionEntry(
                    kind: .deleverage, account: tier.account, tier: .second, marginRatio: .one,
                    atMilliseconds: Int64(number), writer: "twin")
                _ = run(
                    .tier,
                    TierScript.call(
                        tier, [entry], keys: setup.keys, fenceName: "gateway", fence: fence))
            }
            if number % 2 == 0 { _ = run(.algo, setup.algoCall(number, fence)) }
            // An earlier call once more: a doubled message, or a writer that has slept.
            if number % 4 == 0, let earlier = calls.randomElement(using: &random) {
                _ = run(earlier.script, earlier.call)
            }
        }
        return calls
    }

    @Test("the same calls give the same answers and leave the same records", arguments: 1...4)
    func agreement(seed: Int) async throws {
        let server = RedisServer()
        defer { server.stop() }
        let fence = Setup().keys.fence("gateway")
        let simulated = SimulatedRedis()
        simulated.strings[fence] = "2"
        let calls = calls(seed: UInt64(seed), on: simulated)
        let plain = calls.map { ($0.script, $0.call) }
        var kinds: [String: Int] = [:]
        let url = server.url()
        let answers = try await EventLoop.onLoop { () async throws -> [[String?]] in
            let client = RedisClient(
                loop: .process, endpoint: try RedisEndpoint(url: url), name: "twin", jitterSeed: 1)
            client.start()
            defer { client.close() }
            for _ in 0..<200 where !client.isUp { try await pause() }
            _ = await client.send(["SET", fence, "2"])
            var answers: [[String?]] = []
            for (script, call) in plain {
                let outcome = await client.evaluate(
                    RedisScript(Self.source(script)), keys: call.keys, arguments: call.arguments)
                answers.append(outcome.value?.texts ?? ["\(outcome)"])
            }
            return answers
        }
        for (mine, answer) in zip(calls, answers) {
            kinds[mine.answer.first.flatMap { $0 } ?? "", default: 0] += 1
            #expect(Self.comparable(mine.answer) == Self.comparable(answer), "\(mine.script)")
        }
        for kind in ["APPLIED", "DUPLICATE", "CONFLICT", "FENCED", "SAVED", "EXISTS"] {
            #expect((kinds[kind] ?? 0) > 0, "no call was answered with \(kind)")
        }
    }

    @LoopActor private func pause() async throws {
        await withCheckedContinuation { continuation in
            EventLoop.process.timer { continuation.resume() }.arm(after: .milliseconds(10))
        }
    }

    private static func source(_ script: SimulatedRedis.Script) -> String {
        switch script {
        case .ledger: LedgerScript.source
        case .intent: OrderScript.intent
        case .update: OrderScript.update
        case .account: RecordScript.account
        case .state: RecordScript.state
        case .tier: TierScript.source
        case .shared: SharedTradeScript.source
        case .algo: AlgoScript.save
        }
    }

    /// An answer with the fields of an order, which hashes give in any order, sorted.
    private static func comparable(_ answer: [String?]) -> [String] {
        let texts = answer.map { $0 ?? "" }
        guard texts.first == "EXISTS" else { return texts }
        let pairs = stride(from: 1, to: texts.count - 1, by: 2).map {
            texts[$0] + "=" + texts[$0 + 1]
        }
        return ["EXISTS"] + pairs.sorted()
    }
}
