import Bytes
import Reactor
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// What stops a start, and what the message says to do about it (T9).
@Suite struct PreflightTests {
    init() { EventLoop.process.runInBackground() }

    private func problem(_ check: () throws -> Void) -> String {
        do {
            try check()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @LoopActor @Test("T9: hedge mode, multi-assets mode and a key that may not trade say how to mend them")
    func modes() throws {
        let text = """
            {"feeTier":0,"canTrade":true,"dualSidePosition":false,"multiAssetsMargin":false}
            """
        var config = try BinanceFutures.decodeAccountConfig(Array(text.utf8).rawSpan)
        #expect(problem { try Preflight.check(config) } == "")
        config.canTrade = false
        #expect(problem { try Preflight.check(config) }.contains("enable futures trading"))
        config.isMultiAssets = true
        #expect(problem { try Preflight.check(config) }.contains("multiAssetsMargin=false"))
        config.isHedge = true
        #expect(problem { try Preflight.check(config) }.contains("dualSidePosition=false"))
    }

    @LoopActor @Test("leverage below the configured one and isolated margin stop the start, by symbol")
    func symbols() throws {
        let text = """
            [{"symbol":"BTCUSDT","marginType":"CROSSED","leverage":20},
            {"symbol":"ETHUSDT","marginType":"CROSSED","leverage":50}]
            """
        var configs = try BinanceFutures.decodeSymbolConfig(Array(text.utf8).rawSpan)
        #expect(problem { try Preflight.check(configs, leverage: 20) } == "")
        let low = problem { try Preflight.check(configs, leverage: 25) }
        #expect(low.contains("BTCUSDT: 20") && low.contains("leverage=25"))
        #expect(!low.contains("ETHUSDT"))
        configs[1].isIsolated = true
        let isolated = problem { try Preflight.check(configs, leverage: 20) }
        #expect(isolated.contains("symbol=ETHUSDT marginType=CROSSED"))
    }
}
