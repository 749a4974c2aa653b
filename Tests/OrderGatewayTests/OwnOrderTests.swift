import BusProtocol
import Chronology
import Orders
import Testing
import Trading

@testable import OrderGatewayService

/// Orders that the process itself wants, and what is remembered of answers.
@Suite struct OwnOrderTests {
    @Test("an order of the process' own goes the way of one from the bus, and a repeat of it is not sent")
    func own() throws {
        var (own, other) = (DeskBench.ready, DeskBench.ready)
        guard case .command(let command) = other.placing("r1") else {
            Issue.record("an order comes by a command")
            return
        }
        var bare = command
        bare.body = [:]
        let wanted = GatewayEvent.order(try OrderPlaceBody(command.body), bare)
        for event in [
            nil, .factsRead(DeskBench.id("r1"), own.facts),
            .intentReplied(DeskBench.id("r1"), .saved),
            .sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))),
        ] as [GatewayEvent?] {
            let lines = own.give(event ?? wanted)
            #expect(lines == other.give(event ?? .command(command)))
            #expect(!lines.isEmpty)
        }
        #expect(!own.give(wanted).contains { $0.hasPrefix("send") })
    }

    @Test("a price is checked where it stands and where it is missing", arguments: [true, false])
    func price(isLimit: Bool) {
        var bench = DeskBench.ready
        let body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy,
            type: isLimit ? .limit : .market, quantity: .whole(2), price: isLimit ? nil : .whole(100))
        let command = Command(
            id: "r1", from: "own", deadlineMilliseconds: bench.wall.milliseconds + 2_000,
            kind: CommandKind.orderPlace.rawValue, body: [:])
        bench.give(.order(body, command))
        let lines = bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        #expect(lines.contains { $0.contains("malformed") }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("intent") }, "\(lines)")
    }

    @Test("the newest answers are kept, each once, however often it is given")
    func answers() {
        var memory = AnswerMemory()
        let limit = AnswerMemory.limit
        for number in 0..<limit { memory.keep(.ok("r\(number)")) }
        memory.keep(.refused("r7", "late", "given again"))
        #expect(memory["r7"]?.code == "late")
        #expect((0..<limit).allSatisfy { memory["r\($0)"] != nil })
        for number in limit..<limit + 10 { memory.keep(.ok("r\(number)")) }
        #expect((0..<10).allSatisfy { memory["r\($0)"] == nil })
        #expect((10..<limit + 10).allSatisfy { memory["r\($0)"] != nil })
        for number in 0..<3 * limit { memory.keep(.ok("s\(number)")) }
        #expect((2 * limit..<3 * limit).allSatisfy { memory["s\($0)"] != nil })
        #expect(memory["s\(2 * limit - 1)"] == nil && memory["r20"] == nil)
    }
}
