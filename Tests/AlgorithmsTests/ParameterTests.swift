import Algorithms
import Testing
import Trading

@Suite struct ParameterTests {
    private func faults(_ kind: AlgoKind, _ given: [String: String]) -> [String] {
        do throws(ParameterFaults) {
            _ = try AlgoParameters(kind, given)
            return []
        } catch {
            return error.all.map { "\($0.parameter) \($0.code.rawValue)" }
        }
    }

    @Test("everything that is wrong is told at once, with its code")
    func allAtOnce() {
        let found = faults(
            .chase,
            [
                "symbol": "BTCUSDT", "side": "UP", "qty": "-1", "reprice_ms": "5",
                "finish": "market", "colour": "red",
            ])
        #expect(
            found == [
                "account missing", "side malformed", "qty out_of_limits",
                "reprice_ms out_of_limits", "colour unknown",
            ])
    }

    @Test("defaults are filled in and lie within their own limits", arguments: AlgoKind.allCases)
    func defaults(kind: AlgoKind) throws {
        var given: [String: String] = [:]
        for spec in AlgoParameters.table(kind) where spec.standard == nil {
            given[spec.name] = ParameterTests.samples[spec.name]
        }
        let parameters = try AlgoParameters(kind, given)
        for spec in AlgoParameters.table(kind) {
            #expect(parameters.texts[spec.name] != nil, "\(spec.name)")
            #expect(!spec.meaning.isEmpty && !spec.unit.isEmpty && !spec.limits.isEmpty)
        }
        #expect(try AlgoParameters(kind, parameters.texts) == parameters, "read back the same")
    }

    static let samples = [
        "account": "desk", "symbol": "BTCUSDT", "side": "BUY", "qty": "1", "slices": "4",
        "duration_s": "60", "from": "49000", "to": "50000", "orders": "5", "layers": "3",
    ]

    @Test("parameters that do not go together are told, and what the venue cannot do")
    func together() throws {
        let ladder = ["account": "desk", "symbol": "BTCUSDT", "side": "BUY", "qty": "1"]
        let flat = ladder.merging(["from": "49000", "to": "49000", "orders": "2"]) { $1 }
        #expect(faults(.scale, flat) == ["to contradiction"])
        let scalper = ["account": "desk", "symbol": "BTCUSDT", "qty": "1"]
        #expect(
            faults(.scalper, scalper.merging(["base_bps": "10", "max_bps": "9"]) { $1 })
                == ["max_bps contradiction"])
        let parameters = try AlgoParameters(.scalper, scalper)
        #expect(parameters.faults(at: btc, isMargined: true).isEmpty)
        #expect(parameters.faults(at: btc, isMargined: false).map(\.parameter) == ["legs"])
    }

    @Test("what the instrument does not admit is told before anything is placed")
    func instrument() throws {
        let parameters = try AlgoParameters(
            .twap,
            [
                "account": "desk", "symbol": "BTCUSDT", "side": "BUY", "qty": "0.0105",
                "slices": "1000", "duration_s": "60",
            ])
        let found = parameters.faults(at: btc, isMargined: true).map { "\($0.parameter) \($0.code.rawValue)" }
        #expect(found == ["qty unfit", "slices unfit"])
    }
}
