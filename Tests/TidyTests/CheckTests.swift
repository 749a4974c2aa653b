import Testing

@Suite("The checks find what they are for, and nothing else")
struct CheckTests {
    private func file(_ path: String, _ text: String) -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private static let manifest = Manifest(
        """
        let substrate = ["Bytes"]
        let everything = substrate + ["Trading", "Orders"]
        func room(_ layer: String, _ name: String, _ imports: [String]) -> Target {
            .target(name: name, dependencies: imports.map { .byName(name: $0) }, path: "Sources/")
        }
        let package = Package(targets: [
            .target(name: "CLinux", path: "Sources/C/CLinux"),
            room("Substrate", "Bytes", ["CLinux"]),
            room("Domain", "Trading", substrate),
            room("Domain", "Orders", substrate + ["Trading"]),
            room("Wire", "BusProtocol", everything),
            room(
                "Machinery", "Reactor",
                ["CLinux"] + substrate),
            room("Machinery", "RedisLink", ["Reactor"]),
            room("Machinery", "Runtime", ["Reactor", "RedisLink", "Orders"]),
            room("Services", "PaperExchangeService", everything),
            room("Services", "PriceFeedService", everything + ["PaperExchangeService"]),
            command("price-feed", ["PriceFeedService", "PaperExchangeService"]),
            tests("BytesTests", ["Bytes"]),
            .target(
                name: "Faults", dependencies: ["Bytes"] + substrate, path: "Tests/Support/Faults"),
        ])
        """)

    @Test("the manifest is read: names, paths, lists joined and named")
    func manifest() {
        let targets = Self.manifest.targets
        #expect(targets.map(\.name).contains("Faults"))
        #expect(
            targets.first { $0.name == "BusProtocol" }?.imports == ["Bytes", "Trading", "Orders"])
        #expect(targets.first { $0.name == "Reactor" }?.path == "Sources/Machinery/Reactor")
        #expect(targets.first { $0.name == "Reactor" }?.imports == ["CLinux", "Bytes"])
        #expect(targets.first { $0.name == "Faults" }?.imports == ["Bytes", "Bytes"])
        #expect(targets.first { $0.name == "BytesTests" }?.path == "Tests/BytesTests")
    }

    @Test("an import against the layers is found, in the manifest too")
    func layering() {
        let layering = Layering(Self.manifest)
        for (room, other, isAllowed) in [
            ("Bytes", "CLinux", true), ("Bytes", "Glibc", true), ("Bytes", "Trading", false),
            ("Bytes", "Foundation", false), ("Trading", "Bytes", true),
            ("Trading", "Orders", false),
            ("Orders", "Trading", true), ("Trading", "CLinux", false),
            ("BusProtocol", "Orders", true),
            ("BusProtocol", "Reactor", false), ("RedisLink", "Reactor", true),
            ("Reactor", "RedisLink", false), ("Runtime", "BusProtocol", true),
            ("Runtime", "Orders", false), ("PriceFeedService", "PaperExchangeService", false),
            ("PriceFeedService", "Reactor", true), ("price-feed", "PriceFeedService", true),
            ("price-feed", "Runtime", true), ("price-feed", "Bytes", false),
        ] {
            #expect(
                (layering.refusal(of: other, in: room) == nil) == isAllowed, "\(room): \(other)")
        }
        let text = "import Bytes\n// import Orders\npackage import BusProtocol\n"
        let found = layering.findings(file("Sources/Domain/Trading/A.swift", text))
        #expect(found.map(\.line) == [3])
        let messages = layering.findings(Self.manifest).map(\.message)
        #expect(messages.count == 3)
        #expect(messages.contains { $0.hasPrefix("Runtime") })
        #expect(messages.contains { $0.hasPrefix("PriceFeedService") })
        #expect(messages.contains("a command starts one service, not 2"))
    }

    static let calls: [(text: String, count: Int)] = [
        ("let a = try! b()", 1), ("// try! b()", 0), ("let a = \"try! b()\"", 0), ("print(a)", 1),
        ("sink.print(a)", 0), ("func print(_ a: Int) {}\nprint(a)", 0),
        ("enum A { case print(Int) }", 0),
        ("blueprint(a)", 0),
        ("let d = Date()", 1), ("let d = Date(a)", 0), ("UUID()", 1),
        ("try await Task.sleep(1)", 1),
        ("var g = SystemRandomNumberGenerator()", 1), ("fatalError()", 1),
        ("fatalError(\"no\")", 1),
        ("fatalError(\"a ring has room for one element\")", 0), ("import Foundation", 1),
        ("package import Foundation", 1), ("let a = \"\\(try! b()) print(\"", 0),
        ("let a = #\"print(\"#; print(a)", 1), ("/* print(a) /* */ print(b) */ print(c)", 1),
        ("let a = \"\"\"\n  print(a) \"quoted\"\n  \"\"\"\nprint(b)", 1), ("a.shuffled()", 1),
        ("a.shuffled(using: &random)", 0), ("preconditionFailure()", 1),
    ]

    @Test("a banned call is found in code, not in comments or strings", arguments: calls)
    func bannedCalls(text: String, count: Int) {
        let found = BannedCalls.findings(file("Sources/Wire/BusProtocol/A.swift", text))
        #expect(found.count == count, "\(found)")
        #expect(found.allSatisfy { $0.message.contains(":") })
    }

    @Test("the Runtime may draw system randomness; tests may print and use Foundation, not sleep")
    func exemptions() {
        let random = "var g = SystemRandomNumberGenerator()"
        #expect(BannedCalls.findings(file("Sources/Machinery/Runtime/A.swift", random)).isEmpty)
        let text = "import Foundation\nprint(a)\nTask.sleep(a)\ntry! b()"
        let found = BannedCalls.findings(file("Tests/ATests/A.swift", text))
        #expect(found.map(\.line).sorted() == [3, 4])
    }

    @Test("a binary fraction in a money room is found")
    func binaryFractions() {
        let text = "var a: Double = 0\n// Double\npackage var b: Float { 0 }\n"
        for (room, lines) in [("Trading", [1, 3]), ("Margin", [1, 3]), ("Quotes", [])] {
            let found = BannedCalls.findings(file("Sources/Domain/\(room)/A.swift", text))
            #expect(found.map(\.line) == lines)
        }
    }

    @Test("a note to come back to is found in comments, as a word of its own")
    func notes() {
        let text = "// TO" + "DO: later\nlet TODOList = 1\n// FIX" + "ME\n"
        #expect(BannedCalls.notes(file("Sources/C/CLinux/a.c", text)).map(\.line) == [1, 3])
    }

    @Test("functions are measured from their first line to their closing brace")
    func functions() {
        let text = """
            protocol P { func required(_ a: Int)
                init(b: Int) }
            struct S {
                init(a: Int = { 1 }()) {
                    self.init(b: "}")
                }
                func f(
                    _ g: (Int) -> Void
                ) throws {
                    func inner() {
                    }
                    if a { b() }
                }
            }
            """
        let found = Sizes.functions(SwiftLexer.tokens(of: text))
        #expect(
            found == [
                Sizes.Function(name: "init", line: 4, lines: 3),
                Sizes.Function(name: "f", line: 7, lines: 7),
                Sizes.Function(name: "inner", line: 10, lines: 2),
            ])
    }

    @Test("what is too large is found, what just fits is not")
    func sizes() {
        func function(_ lines: Int) -> String {
            "func f() {\n" + String(repeating: "    a()\n", count: lines - 2) + "}\n"
        }
        #expect(Sizes.findings(file("A.swift", function(80))).isEmpty)
        #expect(Sizes.findings(file("A.swift", function(81))).count == 1)
        let long = String(repeating: "é", count: 110)
        #expect(Sizes.findings(file("A.swift", long)).isEmpty)
        #expect(Sizes.findings(file("a.c", long + "é")).count == 1)
        #expect(Sizes.findings(file("a.c", String(repeating: "a;\n", count: 700))).isEmpty)
        #expect(Sizes.findings(file("a.c", String(repeating: "a;\n", count: 701))).count == 1)
    }

    @Test("a file without a target and a target without a file are found")
    func deadFiles() {
        let manifest = Manifest(
            ".target(name: \"A\", path: \"Sources/C/A\"), room(\"Wire\", \"B\", [])")
        let files = [file("Sources/C/A/a.c", ""), file("Sources/C/A2/a.c", "")]
        let found = Layering.deadFiles(files, manifest).map(\.path)
        #expect(found == ["Sources/C/A2/a.c", "Sources/Wire/B"])
    }
}
