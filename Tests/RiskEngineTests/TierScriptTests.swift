import BusProtocol
import Margin
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

@testable import RiskEngineService

/// The saves of tiers, as a real Redis carries them out.
@Suite struct TierScriptTests {
    private let server = RedisServer()
    private let keys = BusKeys(venue: VenueID("usdm")!)

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func connected() async throws -> RedisClient {
        let client = RedisClient(
            loop: .process, endpoint: try RedisEndpoint(url: server.url()), name: "test",
            jitterSeed: 1)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            client.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            client.start()
        }
        return client
    }

    /// Saves a decision; what Redis answers.
    @LoopActor private func save(
        _ client: RedisClient, _ decision: String, _ tier: MarginTier, sequence: Int64,
        fence: Int64
    ) async -> String? {
        var record = TierRecord(
            account: account("alpha"), tier: tier, marginRatio: .one,
            stamp: RecordStamp(
                sequence: sequence, writer: "risk-engine:one", atMilliseconds: sequence))
        record.decision = decision
        let entry = DecisionEntry(
            kind: .tier, account: record.account, tier: tier, marginRatio: .one,
            atMilliseconds: sequence, writer: "risk-engine:one")
        let call = TierScript.call(
            record, [entry], keys: keys, fenceName: "risk", fence: fence)
        let outcome = await client.evaluate(
            RedisScript(TierScript.source), keys: call.keys, arguments: call.arguments)
        return outcome.value?.texts?.first ?? nil
    }

    @LoopActor private func saved(_ client: RedisClient) async throws -> TierRecord {
        let found = await client.send(["HGETALL", keys.tier(account("alpha"))])
        return try TierRecord(fields: found.value?.fields ?? [:])
    }

    @Test("R10 P3: a save that comes late does not undo the decision that followed it")
    @LoopActor func late() async throws {
        let client = try await connected()
        defer { client.close() }
        #expect(await save(client, "first", .first, sequence: 5, fence: 2) == "SAVED")
        #expect(await save(client, "third", .third, sequence: 9, fence: 2) == "SAVED")
        // Its connection was given up, and Redis carries it out now.
        #expect(await save(client, "second", .second, sequence: 7, fence: 2) == "SAVED")
        #expect(try await saved(client).decision == "third")
        #expect(try await saved(client).tier == .third)
        #expect(await client.send(["XLEN", keys.decisions]).value?.int == 2)
        // A new process counts its records from the beginning, under a fence of its own.
        #expect(await save(client, "fourth", .first, sequence: 1, fence: 3) == "SAVED")
        #expect(try await saved(client).decision == "fourth")
    }
}
