import BusProtocol
import Foundation
import Orders
import Testing
import Trading

@testable import OrderGatewayService

/// The file of what is done while Redis is away.
@Suite struct IntentJournalTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("pms-intents-\(UUID().uuidString.prefix(8))").path

    private var file: String { "\(folder)/usdm.intents" }

    private func journal() -> IntentJournal { IntentJournal(directory: folder, venue: "usdm") }

    private func intent(_ request: String) -> JournalEntry {
        let order = OrderIntent(
            clientOrderID: DeskBench.id(request), account: DeskBench.account,
            symbol: DeskBench.symbol, side: .sell, type: .market, timeInForce: .goodTillCancel,
            quantity: .one, price: nil, isReduceOnly: true)
        return .intent(
            OrderRecord(
                intent: order, request: request, status: "intent", intentMilliseconds: 7,
                stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 7)))
    }

    private var state: JournalEntry {
        .state(
            StateRecord(
                state: .halted, why: "a \"reason\"\nof two lines", by: "cli",
                stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 7)),
            DeskBench.account)
    }

    @Test("what was written is read back whole, in order, by the next process")
    func roundTrip() {
        do {
            let first = journal()
            #expect(first.open() == [])
            #expect(first.append(intent("r1")) && first.append(state) && first.append(intent("r2")))
            first.settle(intent("r2").key)
        }
        #expect(journal().open() == [intent("r1"), state])
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("with the last entry struck off the file is empty")
    func emptied() throws {
        let first = journal()
        _ = first.open()
        #expect(first.append(intent("r1")) && first.append(intent("r2")))
        first.settle(intent("r1").key)
        first.settle(intent("r2").key)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)).isEmpty)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("P1: one process at a time holds it; without a directory nothing is taken")
    func held() {
        let first = journal()
        #expect(first.open() == [])
        let second = journal()
        #expect(second.open() == nil && !second.append(intent("r1")))
        let nowhere = IntentJournal(directory: "/proc/none", venue: "usdm")
        #expect(nowhere.open() == nil && !nowhere.append(intent("r1")))
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("a torn end, at any byte, and a rotten line leave all other entries")
    func damage() throws {
        do {
            let first = journal()
            _ = first.open()
            #expect(first.append(intent("r1")) && first.append(intent("r2")))
        }
        let url = URL(fileURLWithPath: file)
        let whole = try Data(contentsOf: url)
        let second = whole.range(of: Data(DeskBench.id("r2").text.utf8))!.lowerBound
        for length in stride(from: second, to: whole.count - 1, by: 7) {
            try whole.prefix(length).write(to: url)
            let next = journal()
            #expect(next.open() == [intent("r1")], "torn at \(length)")
            #expect(next.append(intent("r3")))
        }
        var rotten = whole
        rotten[20] ^= 1
        try rotten.write(to: url)
        #expect(journal().open() == [intent("r2")])
        try FileManager.default.removeItem(atPath: folder)
    }
}
