import Bounded
import Bytes
import Chronology
import ExchangeDoor
import PaperExchangeService
import Testing
import Trading

@Suite("What breaks on request") struct FaultPlanTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func read(_ text: String) -> Result<[FaultSpec], FaultProblems> {
        FaultReader.read(Array(text.utf8), exchanges: ["futures", "spot"])
    }

    private func plan(_ texts: String..., seed: UInt64 = 1) throws -> FaultPlan {
        var plan = FaultPlan(seed: seed)
        for text in texts {
            for spec in try read(text).get() { _ = plan.add(spec, now: start) }
        }
        return plan
    }

    private func problems(_ text: String) -> [String] {
        switch read(text) {
        case .success: []
        case .failure(let problems): problems.list.map(\.place)
        }
    }

    private let order = RequestSight(
        exchange: "futures", method: "POST", path: "/fapi/v1/order", key: "k")

    // MARK: reading

    @Test("Every kind can be asked for with what it takes, and says what it does")
    func kinds() throws {
        let given: [FaultKind: String] = [
            .delay: #","ms":5,"jitter_ms":2,"moment":"after""#, .answer: #","status":500"#,
            .unavailable: #","text":"overload""#, .html: #","status":502"#,
            .delayEvents: #","ms":5"#, .skewClock: #","ms":-1500"#, .reject: #","code":-2019"#,
            .fillThenCancel: #","parts":3,"share":"0.4""#,
            .trade: #","symbol":"BTCUSDT","side":"BUY","quantity":"0.1""#,
            .strangerOrder: #","symbol":"BTCUSDT","side":"SELL","quantity":1,"price":"65000""#,
            .shiftPosition: #","symbol":"BTCUSDT","quantity":"-0.1""#,
            .setState: #","symbol":"BTCUSDT","state":"cancel-only""#,
            .setStep: #","symbol":"BTCUSDT","step":"0.01""#,
            .movePrice: #","symbol":"BTCUSDT","percent":-30,"ms":5000"#,
            .transfer: #","asset":"USDT","quantity":"-12.5""#,
            .deleverage: #","symbol":"BTCUSDT""#, .closeSockets: #","abrupt":true"#,
        ]
        for kind in FaultKind.allCases {
            let text = "{\"kind\":\"\(kind.rawValue)\"\(given[kind] ?? "")}"
            let specs = try read(text).get()
            #expect(specs.first?.kind == kind, "\(text)")
            #expect(!kind.meaning.isEmpty)
        }
        let crash = try read(#"{"kind":"move-price","symbol":"BTCUSDT","percent":"-30","ms":5000}"#)
            .get()
        #expect(
            crash.first?.action
                == .operate(
                    .move(
                        Symbol("BTCUSDT")!, by: Ratio(text: "-0.3")!,
                        over: .milliseconds(5_000))))
    }

    @Test("All that is wrong is told at once, with place and remedy")
    func refusals() {
        let text = """
            {"faults":[{"kind":"dealy","ms":5},{"kind":"delay","probability":2,"count":0,
             "target":{"exchange":"okx","symbl":"X"}},{"kind":"liquidate","count":3}, 7]}
            """
        #expect(
            problems(text) == [
                "faults[0].kind", "faults[0].ms", "faults[1].target.exchange",
                "faults[1].target.symbl", "faults[1].probability", "faults[1].count",
                "faults[1].ms", "faults[2].count", "faults[3]", "faults[3].kind",
            ])
        #expect(problems("{") == ["body"])
        #expect(problems("[]") == ["faults"])
        #expect(problems(#"{"faults":1}"#) == ["faults", "faults[0].kind", "faults[0].faults"])
        #expect(problems(#"{"kind":"freeze","kind":"freeze"}"#) == ["faults[0].kind"])
    }

    @Test("I3 no bytes make the reader crash") func mutated() {
        var random = SplitMix64(seed: 7)
        let base = Array(#"{"kind":"answer","status":500,"target":{"symbol":"X"},"ms":5}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = FaultReader.read(bytes, exchanges: ["futures"])
        }
    }

    // MARK: striking

    @Test("A fault strikes what matches, as often as it was told, until its time is over")
    func bounds() throws {
        var plan = try plan(
            #"{"kind":"disconnect","count":2,"duration_ms":1000,"target":{"path":"/fapi/v1/or*"}}"#)
        #expect(plan.watchesRequests && !plan.watchesFrames && !plan.watchesSockets)
        var other = order
        other.path = "/fapi/v1/ping"
        #expect(plan.requestArrived(other, now: start) == RequestFate())
        #expect(plan.requestArrived(order, now: start).before == .disconnect)
        #expect(plan.requestArrived(order, now: start).before == .disconnect)
        #expect(plan.requestArrived(order, now: start) == RequestFate())
        #expect(plan.expire(now: start).map(\.hits) == [2])
        #expect(!plan.watchesRequests)
        var short = try self.plan(#"{"kind":"disconnect","duration_ms":1000}"#)
        #expect(short.requestArrived(order, now: start + .milliseconds(999)).before != nil)
        #expect(short.requestArrived(order, now: start + .milliseconds(1_000)).before == nil)
    }

    @Test("Half of the chance strikes about half, and the same seed strikes the same")
    func probability() throws {
        func run(_ seed: Int) throws -> [Bool] {
            var plan = try plan(#"{"kind":"timeout","probability":"0.5","seed":\#(seed)}"#)
            return (0..<1_000).map { _ in plan.requestArrived(order, now: start).before != nil }
        }
        let first = try run(3)
        #expect(try run(3) == first)
        #expect(try run(4) != first)
        #expect((400...600).contains(first.count { $0 }))
    }

    @Test("Targets narrow by exchange, method, key, symbol and client id")
    func targets() throws {
        var sight = order
        sight.symbols = ["BTCUSDT"]
        sight.clientOrderIDs = ["PMSabc_1"]
        let table: [(String, Bool)] = [
            (#""exchange":"futures""#, true), (#""exchange":"spot""#, false),
            (#""method":"POST""#, true), (#""method":"DELETE""#, false), (#""key":"k""#, true),
            (#""key":"x""#, false), (#""symbol":"BTCUSDT""#, true), (#""symbol":"ETHUSDT""#, false),
            (#""client_id_prefix":"PMS""#, true), (#""client_id_prefix":"pms""#, false),
            (#""path":"/fapi/v1/order""#, true), (#""path":"/fapi/v1""#, false),
        ]
        for (target, strikes) in table {
            var plan = try plan(#"{"kind":"timeout","target":{\#(target)}}"#)
            #expect((plan.requestArrived(sight, now: start).before != nil) == strikes, "\(target)")
        }
    }

    @Test("Rejections and part fills strike new orders only; delays add up; the first ending counts")
    func endings() throws {
        var plan = try plan(
            #"{"kind":"reject","code":-2019,"message":"Margin is insufficient."}"#,
            #"{"kind":"fill-then-cancel","parts":3,"share":"0.4"}"#,
            #"{"kind":"delay","ms":5}"#, #"{"kind":"delay","ms":7}"#,
            #"{"kind":"timeout","moment":"after"}"#,
            #"{"kind":"disconnect","moment":"after"}"#)
        let fate = plan.requestArrived(order, now: start)
        guard case .answer(let answer)? = fate.before else {
            Issue.record("no rejection")
            return
        }
        #expect(answer.status == 400)
        #expect(answer.body == #"{"code":-2019,"msg":"Margin is insufficient."}"#)
        #expect(fate.fill?.parts == 3)
        #expect(fate.delayBefore == .milliseconds(12))
        #expect(fate.after == .answer(.timeout))
        var query = order
        query.method = "GET"
        let other = plan.requestArrived(query, now: start)
        #expect(other.before == nil && other.fill == nil)
    }

    @Test("The text of a ban says its end at the time it strikes")
    func ban() throws {
        var plan = try plan(#"{"kind":"ban","ms":5000}"#)
        guard case .answer(let answer)? = plan.requestArrived(order, now: start).before else {
            Issue.record("no ban")
            return
        }
        let body = String(decoding: answer.body(wall: WallTime(milliseconds: 100)), as: UTF8.self)
        #expect(answer.status == 418)
        #expect(body.contains("banned until 5100."))
        #expect(answer.headers.contains { $0 == ("Retry-After", "5") })
    }

    // MARK: frames

    @Test("Frames are known by their stream's name, their type or their channel")
    func frames() {
        func sight(_ text: String) -> FrameSight {
            FrameSight(exchange: "futures", text: Array(text.utf8))
        }
        let combined = sight(#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate"}}"#)
        #expect(combined.stream == "btcusdt@depth@100ms" && combined.symbol == "BTCUSDT")
        let raw = sight(#"{"e":"markPriceUpdate","E":1,"s":"ETHUSDT","p":"1"}"#)
        #expect(raw.stream == "ethusdt@markPrice" && !raw.isUserEvent && !raw.isReply)
        let user = sight(#"{"e":"ORDER_TRADE_UPDATE","E":1,"o":{"s":"BTCUSDT","c":"x"}}"#)
        #expect(user.isUserEvent && user.symbol == "BTCUSDT")
        let wrapped = sight(#"{"subscriptionId":0,"event":{"e":"executionReport","s":"BTCUSDT"}}"#)
        #expect(wrapped.isUserEvent)
        #expect(sight(#"{"result":null,"id":1}"#).isReply)
        let channel = "spot@public.aggre.depth.v3.api.pb@100ms@QRLUSDT"
        let binary = FrameSight(
            exchange: "mexc", binary: [0x0A, UInt8(channel.utf8.count)] + Array(channel.utf8) + [1])
        #expect(binary.stream == channel && binary.symbol == "QRLUSDT" && !binary.isUserEvent)
    }

    @Test("T3 one stream freezes while others go on; user faults leave markets alone")
    func freezing() throws {
        var plan = try plan(
            #"{"kind":"freeze","target":{"stream":"btcusdt@depth5@100ms"}}"#,
            #"{"kind":"duplicate-events","copies":3}"#, #"{"kind":"delay-events","ms":9}"#,
            #"{"kind":"freeze","target":{"symbol":"ETHUSDT"}}"#)
        func fate(_ text: String) -> FrameFate {
            plan.frameLeaving(
                FrameSight(exchange: "futures", text: Array(text.utf8)), now: start)
        }
        #expect(fate(#"{"e":"depthUpdate","s":"BTCUSDT"}"#).isLost)
        #expect(fate(#"{"stream":"btcusdt@depth5@100ms","data":{}}"#).isLost)
        #expect(fate(#"{"e":"aggTrade","s":"BTCUSDT"}"#) == FrameFate())
        #expect(fate(#"{"e":"aggTrade","s":"ETHUSDT"}"#).isLost)
        #expect(fate(#"{"result":null,"id":7}"#) == FrameFate())
        let user = fate(#"{"e":"TRADE_LITE","s":"BTCUSDT"}"#)
        #expect(user.copies == 3 && user.delay == .milliseconds(9) && !user.isLost)
    }

    @Test("The clock is off by the sum of what is in force for an exchange")
    func skew() throws {
        let plan = try plan(
            #"{"kind":"skew-clock","ms":1500}"#,
            #"{"kind":"skew-clock","ms":-500,"target":{"exchange":"futures"},"duration_ms":10}"#)
        #expect(plan.skew(of: "futures", now: start) == .milliseconds(1_000))
        #expect(plan.skew(of: "spot", now: start) == .milliseconds(1_500))
        #expect(plan.skew(of: "futures", now: start + .seconds(1)) == .milliseconds(1_500))
    }
}
