import Bounded
import BusProtocol
import Bytes
import Margin
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

@testable import RiskEngineService

/// The commands of snapshots, as a real Redis understands them.
@Suite struct SnapshotWriterTests {
    private let server = RedisServer()
    private let key = "pms:{usdm}:risk:alpha"

    init() { EventLoop.process.runInBackground() }

    private func record(_ random: inout SplitMix64, _ sequence: Int64) -> RiskRecord {
        func units(_ random: inout SplitMix64) -> Int128 {
            let wide = Int128(Int64.random(in: -999_999...999_999, using: &random))
            return Bool.random(using: &random) ? wide * 1_000_000_000_000 : wide * 10_007
        }
        var record = RiskRecord(
            account: account("alpha"), wallet: Money(units: units(&random)),
            equity: Money(units: units(&random)), unrealised: .zero,
            maintenance: Money(units: units(&random)), initial: .one, available: .zero,
            marginRatio: Ratio(units: units(&random)), tier: Int64.random(in: 0...3, using: &random),
            accountMove: Ratio(units: units(&random)),
            isPriceStale: Bool.random(using: &random), ledgerSequence: sequence, positions: [],
            stamp: RecordStamp(
                sequence: sequence, writer: "risk-engine:one", atMilliseconds: 1_700_000_000_000))
        for symbol in [bitcoin, ether] {
            record.positions.append(
                RiskPosition(
                    symbol: symbol, quantity: Quantity(units: units(&random)),
                    entryPrice: Price(units: units(&random)), mark: Price(units: units(&random)),
                    unrealised: Money(units: units(&random)),
                    maintenance: Money(units: units(&random)),
                    liquidationPrice: Bool.random(using: &random) ? .zero : .one))
        }
        return record
    }

    @Test("written whole or by what has changed, a snapshot stands in Redis field for field, for 30 s")
    @LoopActor func stands() async throws {
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
        _ = await client.send(["HSET", key, "left", "over"])
        var random = SplitMix64(seed: 99)
        var snapshots = SnapshotWriter()
        var bytes = ByteWriter()
        let channel = Array("pms:{usdm}:risk".utf8)
        var earlier: RiskRecord?
        for round in 1...200 {
            var next = record(&random, Int64(round))
            if let earlier, Bool.random(using: &random) {
                // Only the stamp and one position.
                let position = next.positions[1]
                next = earlier
                next.positions[1] = position
                next.stamp.sequence = Int64(round)
            }
            let isWhole = earlier == nil || round % 17 == 0
            bytes.removeAll()
            snapshots.write(
                next, over: isWhole ? nil : earlier, key: key, channel: channel.rawSpan,
                into: &bytes)
            let isTaken = client.write(bytes.rawSpan)
            #expect(isTaken)
            let stored = await client.send(["HGETALL", key])
            #expect(
                stored.value?.fields == Dictionary(next.fields, uniquingKeysWith: { $1 }),
                "round \(round)")
            earlier = next
        }
        let left = await client.send(["PTTL", key])
        #expect((1...30_000).contains(left.value?.int ?? 0))
        #expect(client.ignoredErrors == 0, "\(client.latestIgnoredError ?? "")")
        client.close()
    }
}
