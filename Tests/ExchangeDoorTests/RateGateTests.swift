import Bytes
import Chronology
import ExchangeDoor
import Testing

@Suite("Limits at the door") struct RateGateTests {
    private func wall(_ milliseconds: Int64) -> WallTime {
        WallTime(milliseconds: 1_700_000_040_000 + milliseconds)
    }

    private func refusal(_ body: () throws(ExchangeError) -> Void) -> ExchangeError? {
        do throws(ExchangeError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private var tight: RateLimits {
        var limits = RateLimits.futures
        limits.weight[0].limit = 10
        limits.refusalsBeforeBan = 2
        return limits
    }

    @Test("Weight is counted for each address by itself, and anew in each window")
    func windows() {
        var gate = RateGate(tight)
        #expect(refusal { () throws(ExchangeError) in
            try gate.spend(weight: 10, remote: "a", wall: wall(0))
        } == nil)
        #expect(gate.usedWeight(remote: "a", wall: wall(1)) == 10)
        #expect(gate.usedWeight(remote: "b", wall: wall(1)) == 0)
        let over = refusal { () throws(ExchangeError) in
            try gate.spend(weight: 1, remote: "a", wall: wall(2_000))
        }
        #expect(over?.status == 429)
        #expect(over?.code == -1003)
        #expect(over?.retryAfterSeconds == 58)
        #expect(refusal { () throws(ExchangeError) in
            try gate.spend(weight: 10, remote: "b", wall: wall(2_000))
        } == nil)
        #expect(refusal { () throws(ExchangeError) in
            try gate.spend(weight: 10, remote: "a", wall: wall(60_000))
        } == nil)
    }

    @Test("Going on after 429 is a ban that says until when, and is longer at each repeat")
    func bans() {
        var gate = RateGate(tight)
        var lengths: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<9 {
            var statuses: [Int] = []
            for _ in 0..<4 {
                let error = refusal { () throws(ExchangeError) in
                    try gate.spend(weight: 6, remote: "a", wall: wall(now))
                }
                guard let error else { continue }
                statuses.append(error.status)
                guard error.status == 418, let seconds = error.retryAfterSeconds else { continue }
                let until = wall(now).milliseconds + seconds * 1_000
                #expect(error.message.contains("IP(a) banned until \(until)."))
                lengths.append(seconds)
                now += seconds * 1_000 + 1
            }
            #expect(statuses == [429, 429, 418])
            now = (now / 60_000 + 1) * 60_000 + 20_000
        }
        #expect(lengths == [120, 480, 1_920, 7_680, 30_720, 122_880, 259_200, 259_200, 259_200])
    }

    @Test("Requests during a ban lengthen it; after a day without one it is forgotten")
    func lengthened() {
        var gate = RateGate(tight)
        func ask(_ at: Int64) -> ExchangeError? {
            refusal { () throws(ExchangeError) in
                try gate.spend(weight: 11, remote: "a", wall: wall(at))
            }
        }
        #expect(ask(0)?.status == 429)
        #expect(ask(1)?.status == 429)
        #expect(ask(2)?.status == 418)
        #expect(ask(100_000)?.message.contains("until \(wall(220_000).milliseconds)") == true)
        let later: Int64 = 220_000 + 86_400_000 + 60_000
        #expect(ask(later)?.status == 429)
        #expect(ask(later + 1)?.status == 429)
        #expect(ask(later + 2)?.retryAfterSeconds == 120)
    }

    @Test("Orders are counted by account in every window; a batch counts five and one")
    func orders() {
        var gate = RateGate(.futures)
        #expect(refusal { () throws(ExchangeError) in
            try gate.spendOrders(5, longer: 1, account: "x", wall: wall(0))
        } == nil)
        #expect(gate.usedOrders(account: "x", wall: wall(0)) == [5, 1])
        #expect(gate.usedOrders(account: "y", wall: wall(0)) == [0, 0])
        #expect(gate.usedOrders(account: "x", wall: wall(10_000)) == [0, 1])
        for _ in 0..<59 { try? gate.spendOrders(5, account: "x", wall: wall(1)) }
        let over = refusal { () throws(ExchangeError) in
            try gate.spendOrders(account: "x", wall: wall(2))
        }
        #expect(over?.code == -1015)
        #expect(over?.message == "Too many new orders; current limit is 300 orders per 10 SECOND.")
        #expect(gate.usedOrders(account: "x", wall: wall(2)) == [300, 60])
        gate.returnOrder(account: "x")
        #expect(gate.usedOrders(account: "x", wall: wall(2)) == [299, 59])
    }

    @Test("Headers and WebSocket replies tell the counts under the venue's names")
    func telling() {
        var gate = RateGate(.spot)
        try? gate.spend(weight: 20, remote: "a", wall: wall(0))
        try? gate.spendOrders(account: "x", wall: wall(0))
        let headers = gate.headers(remote: "a", account: "x", wall: wall(0))
        #expect(
            headers.map { "\($0.0)=\($0.1)" } == [
                "X-MBX-USED-WEIGHT-1M=20", "X-MBX-ORDER-COUNT-10S=1", "X-MBX-ORDER-COUNT-1D=1",
            ])
        var out = JSONWriter()
        out.beginArray()
        gate.write(remote: "a", account: "x", wall: wall(0), &out)
        out.endArray()
        #expect(
            out.text.hasPrefix(
                #"[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"#
                    + #""limit":6000,"count":20}"#))
    }
}
