import BusProtocol
import Chronology
import Orders
import Positions
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

@testable import OrderGatewayService

/// Calls that Redis carries out late: their connection was given up, and what was asked was asked about
/// on another one since.
extension ScriptTests {
    /// A close of one at mark that was planned by the book's first version.
    private static var close: LedgerChange {
        LedgerChange(
            account: account, symbol: symbol,
            subject: .adjustment(.whole(-1), at: .whole(90), isVirtualClose: true),
            identity: "close:\(order.intent.clientOrderID.text)", cause: "command:r1",
            atMilliseconds: 1,
            closing: LedgerChange.Closing(order: order.intent.clientOrderID, positionVersion: 1))
    }

    /// A machine whose book holds two, as Redis does.
    private static func holding(_ store: GatewayStore) async throws -> LedgerMachine {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let bought = LedgerChange.fill(
            fill(7, .buy, 2), account: account, order: nil, cause: "stream")
        for case .apply(let command) in machine.submit(bought).actions {
            _ = machine.replied(command.token, await apply(store, command))
        }
        #expect(machine.position(account, symbol).version == 1)
        return machine
    }

    private static func call(_ actions: [LedgerMachine.Action]) throws -> LedgerCommand {
        for case .apply(let command) in actions { return command }
        throw RecordError(record: "test", field: "-", problem: "no call")
    }

    @Test("P3: a close at mark that was asked about and not found is not booked by its late call")
    func lateClose() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            defer { store.redis.close() }
            #expect(await Self.saveIntent(store, Self.order) == .saved)
            var machine = try await Self.holding(store)
            let late = try Self.call(machine.submit(Self.close).actions)
            #expect(machine.replied(late.token, .unknown) == [.retryLater(Self.account)])
            // Asked twice: the first answer may be lost as well.
            for _ in 0..<2 {
                let question = try Self.call(machine.retry(Self.account))
                guard case .conflict = await Self.apply(store, question) else {
                    Issue.record("a question was booked, or answered as if it were")
                    return
                }
                _ = machine.replied(question.token, .unknown)
            }
            let question = try Self.call(machine.retry(Self.account))
            let answer = await Self.apply(store, question)
            guard case .outdated? = machine.replied(question.token, answer).first else {
                Issue.record("it is not planned anew: \(answer)")
                return
            }
            // The book is as it was when the close was planned, and still the late call changes nothing.
            guard case .conflict(let standing) = await Self.apply(store, late) else {
                Issue.record("a late call was booked, after its order went another way")
                return
            }
            #expect(standing.position?.quantity == .whole(2) && standing.order?.bookedAtMark == nil)
            // What is planned anew has another name.
            var anew = Self.close
            anew.identity += ":1"
            let second = try Self.call(machine.submit(anew).actions)
            #expect(await Self.apply(store, second) == .applied(sequence: 2))
        }
    }

    @Test("P3: a close at mark that had arrived is found by who asks, and counts once")
    func arrivedClose() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            defer { store.redis.close() }
            #expect(await Self.saveIntent(store, Self.order) == .saved)
            var machine = try await Self.holding(store)
            let call = try Self.call(machine.submit(Self.close).actions)
            #expect(await Self.apply(store, call) == .applied(sequence: 2))
            _ = machine.replied(call.token, .unknown)
            let question = try Self.call(machine.retry(Self.account))
            let answer = await Self.apply(store, question)
            guard
                case .booked(_, let totals, sequence: nil)? =
                    machine.replied(question.token, answer).first
            else {
                Issue.record("what was booked is not found: \(answer)")
                return
            }
            #expect(totals?.bookedAtMark?.quantity == .one)
            #expect(machine.position(Self.account, Self.symbol).quantity == .one)
        }
    }

    @Test("R10 P7: a state that comes late does not undo the one that followed it, whatever the clock says")
    func lateResume() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            defer { store.redis.close() }
            @LoopActor func save(
                _ state: TradingState, at time: Int64, _ fence: Int64 = 1
            ) async -> SaveReply {
                let record = StateRecord(
                    state: state, why: "test", by: "test",
                    stamp: RecordStamp(sequence: time, writer: "test", atMilliseconds: time))
                return await withCheckedContinuation { continuation in
                    store.saveState(record, nil, fence: fence) { continuation.resume(returning: $0) }
                }
            }
            #expect(await save(.reducing, at: 10) == .saved)
            #expect(await save(.active, at: 20) == .saved)
            #expect(await save(.halted, at: 40) == .saved)
            for state in [TradingState.active, .reducing] {
                guard case .wrong = await save(state, at: 30) else {
                    Issue.record("a late \(state) undid a halt")
                    continue
                }
            }
            #expect(await Self.read(store, Self.keys.state)["state"] == "HALTED")
            #expect(await save(.halted, at: 40) == .saved, "the same again")
            #expect(await save(.active, at: 50) == .saved)
            guard case .wrong = await save(.halted, at: 45) else {
                Issue.record("a late halt undid a resume")
                return
            }
            // Another leader's clock may be behind (I5).
            _ = await store.redis.send(["SET", Self.keys.fence(GatewayStore.fenceName), "2"])
            #expect(await save(.halted, at: 12, 2) == .saved)
            #expect(await save(.active, at: 13, 2) == .saved)
            #expect(await save(.halted, at: 60, 1) == .fenced)
            #expect(await Self.read(store, Self.keys.state)["state"] == "ACTIVE")
        }
    }
}
