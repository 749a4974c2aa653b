import BusProtocol
import Foundation
import Testing

/// The futures set and the spot set beside each other, in one Redis with the users of
/// `compose/users.acl`: nothing of one venue can touch the other's keys or channels.
@Suite("Two venues in one Redis", .serialized)
struct TwoVenuesTests {
    private static let list =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/compose/users.acl"

    /// The users of one venue each: the inspector reads all, the default one is off.
    private static let users: [String] = {
        let text = (try? String(contentsOfFile: list, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.count > 1 && words[0] == "user" ? String(words[1]) : nil
        }.filter { $0 != "default" && $0 != "inspector" }
    }()

    private static func venue(of user: String) -> String { user.hasPrefix("spot-") ? "spot" : "usdm" }
    private static func other(_ venue: String) -> String { venue == "spot" ? "usdm" : "spot" }

    /// A name for every key or channel of the contract, under a venue.
    private static func names(_ venue: String, areChannels: Bool) -> [String] {
        KeyDescription.catalogue.filter { ($0.kind == "channel") == areChannels }.map { line in
            let pattern = line.pattern.split(separator: ":").map { part in
                part.hasPrefix("<") ? "x" : String(part)
            }.joined(separator: ":")
            return "pms:{\(venue)}:\(pattern)"
        }
    }

    /// What a user is answered to commands given one a line.
    private func answers(_ stage: ProcessStage, _ user: String, _ commands: [String]) -> [String] {
        let file = "\(stage.folder)/commands"
        try? (commands.joined(separator: "\n") + "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        return stage.redis(as: user, ["--no-auth-warning"], lines: file).split(separator: "\n")
            .map(String.init).filter { !$0.isEmpty }
    }

    @Test("the list has users of both venues, and each knows the keys of one venue only")
    func lines() throws {
        let text = try String(contentsOfFile: TwoVenuesTests.list, encoding: .utf8)
        let venues = Set(TwoVenuesTests.users.map(TwoVenuesTests.venue))
        #expect(venues == ["usdm", "spot"])
        for line in text.split(separator: "\n") {
            let user = String(line.split(separator: " ")[1])
            guard TwoVenuesTests.users.contains(user) else { continue }
            let other = TwoVenuesTests.other(TwoVenuesTests.venue(of: user))
            #expect(!line.contains("{\(other)}") && !line.contains("pms:*"), "\(user)")
        }
    }

    @Test("every user is refused on every key of the other venue, to read, to write, to delete, by script",
        arguments: TwoVenuesTests.users)
    func keys(user: String) throws {
        let stage = try ProcessStage(accessList: TwoVenuesTests.list)
        let venue = TwoVenuesTests.venue(of: user)
        func commands(_ venue: String) -> [String] {
            TwoVenuesTests.names(venue, areChannels: false).flatMap { key in
                [
                    "GET \(key)", "HGETALL \(key)", "TYPE \(key)", "SET \(key) 1", "HSET \(key) a 1",
                    "DEL \(key)", "XADD \(key) * a 1", "EXPIRE \(key) 1",
                    "EVAL \"return redis.call('SET', KEYS[1], 'x')\" 1 \(key)",
                    "EVAL \"return redis.call('GET', '\(key)')\" 0",
                ]
            }
        }
        let theirs = commands(TwoVenuesTests.other(venue))
        let refused = answers(stage, user, theirs)
        #expect(refused.count == theirs.count)
        let passed = zip(theirs, refused).filter {
            !$0.1.contains("NOPERM") && !$0.1.contains("No permissions")
                && !$0.1.contains("can't access")
        }
        #expect(passed.isEmpty, "\(passed.prefix(5))")
        // That is not for want of a login: its own venue's keys it may read.
        let own = answers(stage, user, ["TYPE pms:{\(venue)}:orders:open"])
        #expect(own == ["none"], "\(own)")
    }

    @Test("every user is refused on every channel of the other venue, to publish and to listen",
        arguments: TwoVenuesTests.users)
    func channels(user: String) throws {
        let stage = try ProcessStage(accessList: TwoVenuesTests.list)
        let other = TwoVenuesTests.other(TwoVenuesTests.venue(of: user))
        let names = TwoVenuesTests.names(other, areChannels: true)
        let refused = answers(stage, user, names.map { "PUBLISH \($0) x" })
        #expect(refused.count == names.count && refused.allSatisfy { $0.contains("NOPERM") })
        for name in [names[0], "pms:{\(other)}:*", "pms:*", "*"] {
            let answer = stage.redis(as: user, ["--no-auth-warning", "PSUBSCRIBE", name])
            #expect(answer.contains("NOPERM"), "\(name): \(answer)")
        }
    }

    // MARK: processes

    private func variables(
        _ stage: ProcessStage, _ venue: String, port: Int, user: String
    ) -> [String: String] {
        let path = venue == "spot" ? "/mexc" : ""
        return [
            "PMS_VENUE": venue, "PMS_VENUE_KIND": venue == "spot" ? "mexc-spot" : "binance-usdm",
            "PMS_VENUE_REST_URL": "http://127.0.0.1:\(port)\(path)",
            "PMS_VENUE_WS_URL": "ws://127.0.0.1:\(port)\(path)", "PMS_API_KEY": "k",
            "PMS_API_SECRET": "s",
            "PMS_REDIS_URL": "unix://\(user):\(user)-paper@\(stage.folder)/redis.sock",
        ]
    }

    private func isReady(_ stage: ProcessStage, _ venue: String, _ service: String) -> Bool {
        let pattern = "pms:{\(venue)}:heartbeat:\(service):*"
        let keys = stage.redis(as: "inspector", ["SCAN", "0", "COUNT", "1000", "MATCH", pattern])
        return keys.split(separator: "\n").dropFirst().contains {
            stage.redis(as: "inspector", ["HGET", String($0), "ready"]) == "1"
        }
    }

    @Test("both sets work side by side, and a gateway with the other venue's login gets nowhere")
    func processes() throws {
        let stage = try ProcessStage(accessList: TwoVenuesTests.list)
        let port = try stage.startExchange().port
        for service in ["price-feed", "order-gateway", "risk-engine", "position-sync"] {
            try stage.start(service, [], variables(stage, "usdm", port: port, user: service))
        }
        for service in ["price-feed", "order-gateway", "allocator"] {
            try stage.start(
                service, [], variables(stage, "spot", port: port, user: "spot-\(service)"))
            #expect(stage.wait { isReady(stage, "spot", service) }, "\(service) of spot")
        }
        for service in ["price-feed", "order-gateway", "risk-engine", "position-sync"] {
            #expect(stage.wait { isReady(stage, "usdm", service) }, "\(service) of usdm")
        }
        func pms(_ venue: String, _ arguments: String...) throws -> Int32 {
            let user = venue == "spot" ? "spot-pms" : "pms"
            let program = try stage.start(
                "pms", arguments, variables(stage, venue, port: port, user: user))
            program.waitUntilExit()
            return program.terminationStatus
        }
        #expect(try pms("usdm", "account", "create", "demo", "--deposit", "1000") == 0)
        #expect(try pms("spot", "account", "create", "demo", "--deposit", "1000") == 0)
        _ = try pms("spot", "price", "QRLUSDT")
        let price = ["HGET", "pms:{spot}:price:QRLUSDT", "ask"]
        #expect(stage.wait { Double(stage.redis(as: "inspector", price)) != nil })
        let ask = Double(stage.redis(as: "inspector", price)) ?? 0
        let isBought = stage.wait {
            (try? pms(
                "spot", "order", "place", "QRLUSDT", "buy", "100", "--limit",
                String(format: "%.4f", ask * 1.01), "--tif", "IOC", "--account", "demo",
                "--request-id", "first", "--wait")) == 0
        }
        #expect(isBought, "\(stage.logs.map { $0.suffix(800) })")
        let bought = stage.redis(as: "inspector", ["HGET", "pms:{spot}:position:demo:QRLUSDT", "qty"])
        // The venue keeps its fee of 0.05 % in coins (F8).
        #expect(bought == "99.95")
        // The allocator balances the account by orders of its own, and says so.
        #expect(try pms("spot", "allocate") == 0, "\(stage.logs.map { $0.suffix(400) })")
        #expect(stage.redis(as: "inspector", ["XLEN", "pms:{spot}:allocations"]) != "0")
        // The same account name at the other venue is another book.
        #expect(stage.redis(as: "inspector", ["SCARD", "pms:{usdm}:books"]) == "0")
        let refusals = stage.logs.flatMap { $0.split(separator: "\n") }.filter {
            $0.contains("NOPERM") || $0.contains("redis refuses")
        }
        #expect(refusals.isEmpty, "\(refusals.prefix(3))")

        // Logged in as the other venue's: it leads nothing, beats nowhere and changes nothing.
        for (venue, user) in [("usdm", "spot-order-gateway"), ("spot", "order-gateway")] {
            let before = stage.redis(as: "inspector", ["GET", "pms:{\(venue)}:fence:gateway"])
            var mistaken = variables(stage, venue, port: port, user: user)
            mistaken["PMS_INSTANCE"] = "mistaken"
            let gateway = try stage.start("order-gateway", [], mistaken)
            #expect(stage.wait { stage.log(of: gateway).contains("NOPERM") }, "\(user)")
            let beat = "pms:{\(venue)}:heartbeat:order-gateway:mistaken"
            #expect(stage.redis(as: "inspector", ["EXISTS", beat]) == "0")
            #expect(stage.redis(as: "inspector", ["GET", "pms:{\(venue)}:fence:gateway"]) == before)
            ProcessStage.end(gateway)
        }
    }
}
