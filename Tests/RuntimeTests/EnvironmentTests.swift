import Bounded
import Chronology
import Runtime
import Testing
import Trading

@Suite struct EnvironmentTests {
    private func environment(
        _ variables: [String: String], process: String = "order-gateway", required: [String] = [],
        files: [String: String] = [:]
    ) -> Environment {
        Environment(process: process, variables: variables, required: required) { path in
            files[path].map { .success($0) } ?? .failure(FileProblem(reason: "no such file"))
        }
    }

    @Test("Without any variable every default is one its own rule admits")
    func defaults() {
        let environment = environment([:])
        #expect(environment.problems.isEmpty)
        for knob in KnobTable.all {
            if let fallback = knob.fallback { #expect(knob.admits(fallback), "\(knob.name)") }
        }
        #expect(environment.venueRESTURL == "http://127.0.0.1:9010")
        #expect(environment.venueStreamURL == "ws://127.0.0.1:9010")
        #expect(environment.httpPort == 9102)
        #expect(environment.interval("EVAL_MIN_INTERVAL_MS") == .seconds(2))
        #expect(environment.decimal("PMS_PAPER_BALANCE", as: Money.self) == .whole(100_000))
    }

    @Test("All that is wrong is named at once: the variable, its value, what is allowed")
    func everyProblem() {
        let environment = environment(
            [
                "PMS_HTTP_PORT": "99999", "PMS_VENUE_REST_URL": "ftp://x", "PMS_LIVE": "yes",
                "PMS_REDDIS_URL": "x", "MAX_CONCURRENT_ORDERS": "0",
            ], required: ["PMS_API_KEY"])
        let texts = environment.problems.map(\.description)
        #expect(texts.count == 6)
        #expect(
            texts.contains(
                "PMS_HTTP_PORT: not allowed: 99999; allowed: a whole number from 0 to 65535"))
        #expect(texts.contains { $0.hasPrefix("PMS_VENUE_REST_URL: not allowed: ftp://x") })
        #expect(texts.contains { $0.hasPrefix("PMS_LIVE: not allowed: yes; allowed: one of no") })
        #expect(
            texts.contains("PMS_REDDIS_URL: no such variable; the nearest known one: PMS_REDIS_URL")
        )
        #expect(
            texts.contains {
                $0.hasPrefix("PMS_API_KEY: missing") && $0.contains("PMS_API_KEY_FILE")
            })
        #expect(texts.contains { $0.hasPrefix("MAX_CONCURRENT_ORDERS: not allowed: 0") })
    }

    @Test("A secret is never in a message, nor in what is shown")
    func redaction() {
        let bad = environment(["PMS_API_SECRET": "has space inside"])
        #expect(bad.problems.count == 1)
        #expect(!bad.problems.map(\.description).joined().contains("inside"))
        let good = environment([
            "PMS_API_SECRET": "s3cret-value", "PMS_REDIS_URL": "redis://me:hush@host:1/0",
        ])
        #expect(good.secret("PMS_API_SECRET") == "s3cret-value")
        #expect(good.shown("PMS_API_SECRET") == "(secret, 12 characters)")
        #expect(good.shown("PMS_REDIS_URL") == "redis://me:***@host:1/0")
    }

    @Test("A secret may come from a file, whose last newline does not count; not from both")
    func files() {
        let files = ["/run/key": "abc\n"]
        let fromFile = environment(["PMS_API_KEY_FILE": "/run/key"], files: files)
        #expect(fromFile.problems.isEmpty)
        #expect(fromFile.secret("PMS_API_KEY") == "abc")
        let both = environment(["PMS_API_KEY_FILE": "/run/key", "PMS_API_KEY": "x"], files: files)
        #expect(both.problems.count == 1)
        let absent = environment(["PMS_API_KEY_FILE": "/nowhere"], required: ["PMS_API_KEY"])
        #expect(
            absent.problems.map(\.description)
                == ["PMS_API_KEY_FILE: cannot read /nowhere: no such file"])
    }

    @Test("A name with the process's suffix is meant for it alone and wins")
    func suffixes() {
        let variables = ["PMS_HTTP_PORT": "1000", "PMS_HTTP_PORT_PRICE_FEED": "2000"]
        #expect(environment(variables, process: "price-feed").httpPort == 2000)
        #expect(environment(variables, process: "risk-engine").httpPort == 1000)
        #expect(environment(variables).problems.isEmpty)
        #expect(environment(["PMS_HTTP_PORT_PRICE_FED": "1"]).problems.count == 1)
    }

    @Test("An empty value counts as not set")
    func emptyValues() {
        let environment = environment(["PMS_VENUE": "", "PMS_API_KEY": ""])
        #expect(environment.problems.isEmpty)
        #expect(environment.text("PMS_VENUE") == "usdm")
        #expect(environment.optionalText("PMS_API_KEY") == nil)
    }

    @Test("Orders to a host that is not loopback need PMS_LIVE=yes-real-money")
    func live() {
        #expect(environment([:]).liveProblem == nil)
        let far = ["PMS_VENUE_REST_URL": "https://fapi.example.com"]
        #expect(environment(far).liveProblem != nil)
        #expect(environment(far.merging(["PMS_LIVE": "yes-real-money"]) { $1 }).liveProblem == nil)
        let compose = [
            "PMS_VENUE_REST_URL": "http://paper-exchange:9010",
            "PMS_VENUE_WS_URL": "ws://paper-exchange:9010",
        ]
        #expect(environment(compose).liveProblem == nil)
        let mixed = ["PMS_VENUE_WS_URL": "wss://127.0.0.1.example.com"]
        #expect(environment(mixed).liveProblem != nil)
    }

    @Test(
        "Loopback is told by the whole host",
        arguments: [
            ("http://127.0.0.1:9010", true), ("http://localhost", true), ("http://[::1]:1", true),
            ("http://127.1.2.3/x", true), ("http://127.0.0.1.evil.com", false),
            ("http://user@127.0.0.1@evil.com", false), ("http://127.0.0.1@evil.com:80", false),
            ("http://10.0.0.1", false), ("http://localhost.evil.com", false),
        ])
    func loopback(url: String, isLoopback: Bool) {
        #expect(WebAddress(url)?.isLoopback == isLoopback)
    }

    @Test(
        "What is no address is refused",
        arguments: ["", "x", "http://", "http://a:b", "http://a b"])
    func noAddress(text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test("10,000 mutated values and names end in a problem or a valid value, never in a crash")
    func mutated() {
        let seed: UInt64 = 7
        var random = SplitMix64(seed: seed)
        let values = [
            "redis://me:hush@host:6379/0", "unix:///run/redis.sock?db=1",
            "unix://me:hush@/run/redis@home.sock", "http://[::1]:9010/x?y#z",
            "wss://a@b:443", "65535", "-1", "100000.5", "1E7", "yes-real-money", "127.0.0.1",
            "usdm",
        ]
        let alphabet = Array("09.:/@[]?#-+eE%az \u{7F}é\u{0}".unicodeScalars)
        for round in 0..<100 {
            var variables: [String: String] = [:]
            for _ in 0..<100 {
                var text = Array(values.randomElement(using: &random)!.unicodeScalars)
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    let at = Int.random(in: 0...text.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0 where at < text.count: text.remove(at: at)
                    case 1: text.insert(alphabet.randomElement(using: &random)!, at: at)
                    case _: text.append(contentsOf: text.prefix(at))
                    }
                }
                var name = KnobTable.all.randomElement(using: &random)!.name
                switch Int.random(in: 0..<200, using: &random) {
                case 0...20: name += "_FILE"
                case 21...40: name += "_RISK_ENGINE"
                case 41: name = "PMS_" + String(name.dropFirst(5))
                case _: break
                }
                variables[name] = String(String.UnicodeScalarView(text))
            }
            let environment = environment(variables)
            for knob in KnobTable.all {
                if let value = environment.optionalText(knob.name) {
                    #expect(knob.admits(value), "seed \(seed) round \(round): \(knob.name)")
                }
            }
            _ = environment.venueRESTURL
            _ = environment.liveProblem
            _ = environment.httpPort
        }
    }
}
