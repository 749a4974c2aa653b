import Bytes
import Margin
import Testing
import Trading

@Suite struct MaintenanceBracketsTests {
    private typealias Row = MaintenanceBrackets.Row
    private let rows = brackets([("50000", "0.004"), ("250000", "0.005"), ("1000000", "0.01")])

    @Test(
        "Maintenance is notional × rate − cum, continuous at each cap",
        arguments: [
            ("0", "0"), ("50000", "200"), ("50000.01", "200.00005"), ("250000", "1200"),
            ("250001", "1200.01"), ("1000000", "8700"), ("2000000", "18700"),
        ])
    func maintenance(notional: String, expected: String) {
        #expect(rows.maintenance(of: money(notional)) == money(expected))
    }

    @Test("A notional at a cap belongs to the row below it")
    func capBelongsBelow() {
        #expect(rows.row(at: money("50000")).rate == ratio("0.004"))
        #expect(rows.row(at: money("50000.000000000001")).rate == ratio("0.005"))
    }

    @Test("Rows that leave a gap, fall, or jump in maintenance are refused with their number")
    func refusals() {
        func problem(_ rows: [Row]) -> MaintenanceBrackets.Problem? {
            do throws(MaintenanceBrackets.Problem) {
                _ = try MaintenanceBrackets(rows)
                return nil
            } catch { return error }
        }
        let first = Row(floor: .zero, cap: money("100"), rate: ratio("0.01"), cum: .zero)
        func second(_ floor: String, _ cap: String, _ rate: String, _ cum: String) -> Row {
            Row(floor: money(floor), cap: money(cap), rate: ratio(rate), cum: money(cum))
        }
        #expect(problem([]) == .init(.noRows))
        #expect(problem([second("1", "5", "0.01", "0")]) == .init(.notContiguous, row: 1))
        #expect(problem([second("0", "5", "0.01", "1")]) == .init(.badCum, row: 1))
        #expect(problem([second("0", "0", "0.01", "0")]) == .init(.emptyRow, row: 1))
        #expect(problem([second("0", "5", "1", "0")]) == .init(.badRate, row: 1))
        #expect(
            problem([first, second("101", "500", "0.02", "1")]) == .init(.notContiguous, row: 2))
        #expect(problem([first, second("100", "500", "0.02", "1.1")]) == .init(.badCum, row: 2))
        #expect(problem([first, second("100", "500", "0.005", "-0.5")]) == .init(.badRate, row: 2))
        #expect(problem([first, second("100", "500", "0.02", "1")]) == nil)
    }

    @Test("The conservative brackets are brackets")
    func conservative() throws {
        #expect(try MaintenanceBrackets(MaintenanceBrackets.conservative.rows) == .conservative)
    }

    @Test("Brackets read the same as rows, as a contract, and as a list of one contract")
    func layouts() throws {
        let list = """
            [{"bracket":1,"initialLeverage":75,"notionalCap":10000,"notionalFloor":0,\
            "maintMarginRatio":0.0065,"cum":0.0},{"bracket":2,"initialLeverage":"50",\
            "notionalCap":"50000","notionalFloor":10000,"maintMarginRatio":0.01,"cum":35.0}]
            """
        let contract = "{\"symbol\":\"X\",\"notionalCoef\":1.5,\"brackets\":\(list)}"
        let plain = try MaintenanceBrackets(json: Array(list.utf8).rawSpan)
        #expect(plain.rows.map(\.maximumLeverage) == [75, 50])
        #expect(plain.maintenance(of: money("20000")) == money("165"))
        #expect(try MaintenanceBrackets(json: Array(contract.utf8).rawSpan) == plain)
        #expect(try MaintenanceBrackets(json: Array("[\(contract)]".utf8).rawSpan) == plain)
    }

    @Test(
        "Text that holds no brackets is refused", arguments: ["", "{}", "[]", "[1]", "[{}", "null"])
    func unreadable(text: String) {
        #expect(throws: MaintenanceBrackets.Problem.self) {
            _ = try MaintenanceBrackets(json: Array(text.utf8).rawSpan)
        }
    }

    @Test(
        "Every recorded contract's cum is consistent",
        .enabled(
            if: fixture("margin/leverageBracket_all_2024-10.json") != nil,
            "the shared fixtures are not beside the repository"))
    func recorded() throws {
        let json = try #require(fixture("margin/leverageBracket_all_2024-10.json"))
        let contracts = try MaintenanceBrackets.contracts(json: json.rawSpan)
        #expect(contracts.count == 349)
        #expect(contracts.reduce(0) { $0 + $1.rows.count } == 2805)
        for contract in contracts { _ = try MaintenanceBrackets(contract.rows) }
    }
}
