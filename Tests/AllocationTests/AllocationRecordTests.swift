import Allocation
import BusProtocol
import Chronology
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

/// The allocator's records, and its script on a real Redis.
@Suite("Records of the allocator")
struct AllocationRecordTests {
    private let server = RedisServer()

    init() { EventLoop.process.runInBackground() }

    private static let head = AllocationHead(
        id: "al-1", symbol: Fixture.symbol, account: Fixture.account, mode: .immediateOrCancel,
        by: "http", startedMilliseconds: 5)

    @LoopActor private func client() async -> RedisClient {
        let redis = RedisClient(
            loop: .process, endpoint: RedisEndpoint(path: server.path), name: "alloc",
            jitterSeed: 1)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            redis.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            redis.start()
        }
        return redis
    }

    @Test("a run, its lines and its answer are saved in one step, and an older fence saves nothing (P2)")
    @LoopActor func script() async throws {
        let keys = BusKeys(venue: try #require(VenueID("test")))
        let redis = await client()
        defer { redis.close() }
        let script = RedisScript(AllocationScript.source)
        var newest: Int64 = 0
        func save(
            _ fence: Int64, _ status: String, lines: Int, isBehind: Bool = false,
            isRepeat: Bool = false, number: Int64? = nil
        ) async -> [String?]? {
            newest += 1
            let record = [("kind", "run"), ("status", status), ("run", "al-1")]
            let entries = (0..<lines).map { number in
                [("kind", "slice"), ("run", "al-1"), ("slice", "\(number)"), ("at_ms", "5")]
            }
            let call = AllocationScript.call(
                record, entries, request: "k1", isBehind: isBehind, isRepeat: isRepeat,
                number: number ?? newest, keys: keys, fenceName: "allocation", fence: fence)
            return await redis.evaluate(script, keys: call.keys, arguments: call.arguments)
                .value?.texts
        }
        _ = await redis.send(["SET", keys.fence("allocation"), "4"])
        #expect(await save(4, "running", lines: 0) == ["SAVED"])
        #expect(await save(4, "done", lines: 2) == ["SAVED"])
        #expect(await redis.send(["HGET", keys.allocation, "status"]).value?.text == "done")
        #expect(await redis.send(["HGET", keys.allocation, "seq"]).value?.text == "2")
        #expect(await redis.send(["XLEN", keys.allocations]).value?.int == 2)
        let answer = await redis.send(["GET", keys.allocationRequest("k1")]).value?.text
        #expect(answer?.contains("\"status\":\"done\"") == true)
        let life = await redis.send(["PTTL", keys.allocationRequest("k1")]).value?.int ?? 0
        #expect(life > 3_500_000 && life <= AllocationScript.requestLife)
        // What may be saved already is saved again: the lines that are missing, and no other.
        #expect(await save(4, "done", lines: 3, isRepeat: true) == ["SAVED"])
        #expect(await redis.send(["XLEN", keys.allocations]).value?.int == 3)
        #expect(await redis.send(["HGET", keys.allocation, "seq"]).value?.text == "3")
        // Where another run has begun since, its record stays; the request has its answer.
        #expect(await save(4, "late", lines: 0, isBehind: true) == ["SAVED"])
        #expect(await redis.send(["HGET", keys.allocation, "status"]).value?.text == "done")
        let late = await redis.send(["GET", keys.allocationRequest("k1")]).value?.text
        #expect(late?.contains("\"status\":\"late\"") == true)
        // One that was given up and comes late has been repeated since: no line of it stands twice.
        #expect(await save(4, "running", lines: 2, number: 2) == ["SAVED"])
        #expect(await redis.send(["HGET", keys.allocation, "status"]).value?.text == "done")
        #expect(await redis.send(["XLEN", keys.allocations]).value?.int == 3)
        let kept = await redis.send(["GET", keys.allocationRequest("k1")]).value?.text
        #expect(kept?.contains("\"status\":\"late\"") == true)
        let shown = await redis.send(["HGETALL", keys.allocation]).value?.fields ?? [:]
        #expect(AllocationRecord.ordered(shown).map(\.0) == ["kind", "status", "run"])
        // Another has taken over.
        _ = await redis.send(["SET", keys.fence("allocation"), "5"])
        #expect(await save(4, "running", lines: 1)?.first == "FENCED")
        #expect(await redis.send(["HGET", keys.allocation, "status"]).value?.text == "done")
        #expect(await redis.send(["XLEN", keys.allocations]).value?.int == 3)
        // Whose saves are counted from the beginning.
        #expect(await save(5, "running", lines: 1, number: 1) == ["SAVED"])
        #expect(await redis.send(["HGET", keys.allocation, "status"]).value?.text == "running")
    }

    private static func placed(
        _ number: Int, _ executed: String, isTold: Bool
    ) -> PlacedSlice {
        let quantity = Fixture.quantity(executed)
        return PlacedSlice(
            number: number, request: "al-1-\(number)", side: .sell, quantity: .whole(20),
            price: Fixture.price("0.75"), timeInForce: .immediateOrCancel,
            report: SliceOrder(
                order: "PMS\(number)", status: "expired", isOver: true, executed: quantity,
                notional: Fixture.price("0.75").times(quantity, .nearestEven)), isTold: isTold)
    }

    @Test("a run whose process died is told with what its orders executed, and so is each slice")
    func completed() {
        var last = Dictionary(AllocationRecord.begun(AllocationRecordTests.head)) { $1 }
        last["writer"] = "allocator:dead"
        let placed = [
            AllocationRecordTests.placed(1, "12", isTold: true),
            AllocationRecordTests.placed(2, "4", isTold: false),
        ]
        let stamp = [("writer", "allocator:new"), ("at_ms", "9")]
        let told = Dictionary(AllocationRecord.completed(last, placed, stamp: stamp)) { $1 }
        #expect(told["status"] == "failed" && told["reason"] == "stopped")
        #expect(told["filled"] == "16" && told["filled_notional"] == "12")
        #expect(told["orders"] == "PMS1,PMS2" && told["slices"] == "2" && told["action"] == "SELL")
        #expect(told["writer"] == "allocator:new" && told["at_ms"] == "9")
        let slice = Dictionary(AllocationRecord.fields(last, placed[1])) { $1 }
        #expect(slice["executed"] == "4" && slice["average"] == "0.75" && slice["tif"] == "IOC")
        // One that ended with its time, its last order on the way: what came of it decides.
        last["status"] = "unsettled"
        last["slices"] = "3"
        let late = Dictionary(AllocationRecord.completed(last, placed, stamp: stamp)) { $1 }
        #expect(late["status"] == "done" && late["reason"] == "deadline" && late["slices"] == "3")
        let none = Dictionary(AllocationRecord.completed(last, [], stamp: stamp)) { $1 }
        #expect(none["status"] == "unfilled" && none["filled"] == "0")
        #expect(AllocationRecord.isOpen(last) && !AllocationRecord.isOpen(none))
    }

    @Test("what a spot account holds is read back as it was written")
    func holdings() throws {
        var record = HoldingsRecord(
            stamp: RecordStamp(sequence: 3, writer: "order-gateway:one", atMilliseconds: 9))
        record.balances["QRL"] = HoldingsRecord.Balance(
            free: Fixture.money("933.125"), locked: Fixture.money("0.5"))
        record.balances["USDT"] = HoldingsRecord.Balance(free: .zero, locked: .zero)
        let fields = Dictionary(record.fields) { _, last in last }
        #expect(try HoldingsRecord(fields: fields) == record)
        #expect(fields["QRL.free"] == "933.125")
        var broken = fields
        broken["QRL.locked"] = "half"
        #expect(throws: RecordError.self) { try HoldingsRecord(fields: broken) }
    }

    @Test("a run's record has its status, its numbers, and dust where it ended in that")
    func record() {
        let valuation = Valuation(Fixture.holdings("1001", "749.5"), mid: Fixture.price("0.75"))
        let result = AllocationResult(
            id: "al-1", isDry: false, reason: .dust, before: valuation, after: valuation,
            elapsed: .milliseconds(7))
        let fields = Dictionary(AllocationRecord.fields(AllocationRecordTests.head, result)) {
            _, last in last
        }
        #expect(fields["status"] == "skipped")
        #expect(fields["dust"] == "1.25")
        #expect(fields["imbalance_after"] == "1.25")
        #expect(fields["action"] == "NONE")
        #expect(fields["elapsed_ms"] == "7")
        #expect(AllocationRecord.ordered(fields).prefix(3).map(\.0) == ["kind", "status", "reason"])
    }

    @Test("every reason has a status, and statuses of runs without orders are none of failure")
    func statuses() {
        for reason in AllocationReason.allCases {
            let result = AllocationResult(id: "x", isDry: false, reason: reason)
            switch result.status {
            case .failed:
                #expect([.orderRefused, .insufficientBalance, .stopped, .leaseLost].contains(reason))
            case .unsettled: #expect(reason == .unsettled)
            case .planned: #expect(reason == .dryRun)
            case .skipped: break
            case .done, .unfilled: Issue.record("\(reason) without a slice is \(result.status)")
            }
        }
    }
}
