// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    // Closures that the standard library calls at once ask, each time, whether they run on their actor;
    // all modules here are checked for that by the compiler, so only tests ask.
    .unsafeFlags(["-Xfrontend", "-disable-dynamic-actor-isolation"], .when(configuration: .release)),
]

/// A room: a library target in the folder of its layer.
func room(_ layer: String, _ name: String, _ imports: [String]) -> Target {
    .target(
        name: name, dependencies: imports.map { .byName(name: $0) },
        path: "Sources/\(layer)/\(name)",
        swiftSettings: settings)
}

/// An executable of some forty lines that starts one service.
func command(_ name: String, _ imports: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: imports.map { .byName(name: $0) },
        path: "Sources/Commands/\(name)",
        swiftSettings: settings)
}

func tests(_ name: String, _ imports: [String]) -> Target {
    .testTarget(
        name: name, dependencies: imports.map { .byName(name: $0) }, path: "Tests/\(name)",
        swiftSettings: settings)
}

let substrate = ["Chronology", "Bounded", "Bytes"]
let trading = substrate + ["Trading"]
let domain =
    trading + ["Quotes", "Throttles", "Orders", "Positions", "Margin", "Matching", "Algorithms",
        "Allocation"]
let wire = ["BusProtocol", "VenueProtocol", "WebProtocol"]
let exchange = ["ExchangeDoor", "ExchangeMarkets", "FuturesExchange", "SpotExchange"]
let machinery = [
    "CLinux", "Reactor", "RedisLink", "WebLink", "WebServer", "Runtime", "VenueBudget", "PriceSource",
]
let everything = domain + wire + exchange + machinery
let services = [
    "PriceFeedService", "OrderGatewayService", "RiskEngineService", "PositionSyncService",
    "PaperExchangeService", "ChaosService", "AllocatorService",
]
let simulated: [Target.Dependency] = (everything + services).map { .byName(name: $0) }

let package = Package(
    name: "pms",
    products: [
        "price-feed", "order-gateway", "risk-engine", "position-sync", "allocator", "paper-exchange",
        "pms",
    ].map { .executable(name: $0, targets: [$0]) },
    targets: [
        .target(name: "CLinux", path: "Sources/C/CLinux"),
        .target(name: "CSHA", path: "Sources/C/CSHA"),
        .target(name: "CFloor", dependencies: ["CSHA"], path: "Sources/C/CFloor"),
        .systemLibrary(name: "CHiredis", path: "Sources/C/CHiredis"),
        .systemLibrary(name: "CCurl", path: "Sources/C/CCurl"),

        room("Substrate", "Chronology", []),
        room("Substrate", "Bounded", []),
        room("Substrate", "Bytes", ["CSHA"]),

        room("Domain", "Trading", substrate),
        room("Domain", "Quotes", trading),
        room("Domain", "Throttles", trading),
        room("Domain", "Orders", trading),
        room("Domain", "Positions", trading),
        room("Domain", "Margin", trading),
        room("Domain", "Matching", trading),
        room("Domain", "Algorithms", ["Orders"] + trading),
        room("Domain", "Allocation", ["Quotes"] + trading),

        room("Wire", "BusProtocol", domain),
        room("Wire", "VenueProtocol", domain),
        room("Wire", "WebProtocol", substrate),

        room(
            "Exchange", "ExchangeDoor",
            ["Bytes", "Bounded", "Chronology", "Trading", "WebProtocol"]),
        room("Exchange", "ExchangeMarkets", ["Matching"] + trading),
        room(
            "Exchange", "FuturesExchange",
            ["ExchangeDoor", "ExchangeMarkets", "Matching", "VenueProtocol", "WebProtocol"]
                + trading),

        room(
            "Exchange", "SpotExchange",
            [
                "ExchangeDoor", "ExchangeMarkets", "Matching", "Quotes", "VenueProtocol",
                "WebProtocol",
            ] + trading),

        room("Machinery", "Reactor", ["CLinux"] + substrate),
        room("Machinery", "RedisLink", ["CHiredis", "CLinux", "Reactor"] + substrate),
        room("Machinery", "WebLink", ["CCurl", "CLinux", "Reactor", "WebProtocol"] + substrate),
        room("Machinery", "WebServer", ["CLinux", "Reactor", "WebProtocol"] + substrate),
        room(
            "Machinery", "Runtime",
            ["CLinux", "Reactor", "RedisLink", "WebServer", "BusProtocol", "WebProtocol"] + trading),

        room(
            "Machinery", "VenueBudget",
            [
                "Reactor", "RedisLink", "WebLink", "WebProtocol", "Runtime", "BusProtocol",
                "VenueProtocol", "Throttles",
            ] + trading),
        room(
            "Machinery", "PriceSource",
            [
                "Reactor", "RedisLink", "WebLink", "Runtime", "VenueBudget", "BusProtocol",
                "VenueProtocol", "Quotes",
            ] + trading),

        room("Services", "PriceFeedService", everything),
        room("Services", "OrderGatewayService", everything),
        room("Services", "RiskEngineService", everything),
        room("Services", "PositionSyncService", everything),
        room("Services", "AllocatorService", everything),
        room("Services", "PaperExchangeService", everything),
        room("Services", "CommandLineService", everything),
        room("Services", "ChaosService", everything),

        tests("MarginTests", trading + ["Margin"]),
        tests(
            "PositionSyncTests",
            [
                "PositionSyncService", "BusProtocol", "Positions", "Reactor", "RedisLink",
                "RedisServerSupport", "Runtime", "VenueProtocol",
            ] + trading),
        tests(
            "RiskEngineTests",
            [
                "RiskEngineService", "BusProtocol", "Margin", "Reactor", "RedisLink",
                "RedisServerSupport",
            ] + trading),

        command("price-feed", ["PriceFeedService", "Runtime"]),
        command("order-gateway", ["OrderGatewayService", "Runtime"]),
        command("risk-engine", ["RiskEngineService", "Runtime"]),
        command("position-sync", ["PositionSyncService", "Runtime"]),
        command("allocator", ["AllocatorService", "Runtime"]),
        command("paper-exchange", ["PaperExchangeService", "Runtime"]),
        command("pms", ["CommandLineService", "Runtime"]),
        command("pms-chaos", ["ChaosService", "Runtime"]),
        command(
            "pms-bench",
            ["CFloor", "OrderGatewayService", "PaperExchangeService", "PriceFeedService"]
                + everything),

        .target(
            name: "DecoderVerifier", dependencies: ["Bounded"],
            path: "Tests/Support/DecoderVerifier",
            swiftSettings: settings),
        .target(
            name: "RawPeers", dependencies: ["Chronology", "Reactor"],
            path: "Tests/Support/RawPeers",
            swiftSettings: settings),
        tests(
            "WebServerTests", ["WebServer", "WebProtocol", "Reactor", "RawPeers"] + substrate),
        tests(
            "WebLinkTests",
            ["WebLink", "WebServer", "WebProtocol", "Reactor", "RawPeers"] + substrate),
        tests("WebProtocolTests", ["WebProtocol", "DecoderVerifier"] + substrate),
        .target(
            name: "Simulation", dependencies: simulated, path: "Tests/Support/Simulation",
            swiftSettings: settings),
        .target(
            name: "ExchangeFuzz",
            dependencies: [
                "Bounded", "Bytes", "Chronology", "ExchangeDoor", "FuturesExchange", "SpotExchange",
            ], path: "Tests/Support/ExchangeFuzz", swiftSettings: settings),
        .executableTarget(
            name: "pms-simulation", dependencies: ["Simulation", "Runtime", "ExchangeDoor", "ExchangeFuzz"],
            path: "Tests/Support/SimulationRunner", swiftSettings: settings),
        tests(
            "SimulationTests",
            [
                "Simulation", "BusProtocol", "Margin", "Positions", "Reactor", "RedisLink",
                "RedisServerSupport",
            ]
                + trading),
        tests("BusProtocolTests", ["BusProtocol", "Positions", "Quotes"] + trading),
        tests("ChaosTests", ["ChaosService", "BusProtocol"] + trading),
        tests("IntegrationTests", everything + ["pms-chaos", "pms", "budget-hammer", "allocator"]),
        tests("MatchingTests", ["Matching"] + trading),
        tests("ExchangeMarketsTests", ["ExchangeMarkets", "Matching"] + trading),
        tests(
            "FuturesExchangeTests",
            exchange + ["Matching", "VenueProtocol", "WebProtocol", "DecoderVerifier"] + trading),
        tests(
            "SpotExchangeTests",
            exchange + ["Matching", "Quotes", "VenueProtocol", "WebProtocol"] + trading),
        tests(
            "PaperExchangeTests",
            exchange + [
                "PaperExchangeService", "Matching", "WebProtocol", "WebServer", "Reactor",
                "RawPeers", "paper-exchange", "pms", "ExchangeFuzz",
            ] + trading),
        tests("ExchangeDoorTests", ["ExchangeDoor", "WebProtocol"] + trading),
        tests("ReactorTests", ["CLinux", "Reactor"] + substrate),
        tests("BytesTests", ["Bytes", "Bounded", "DecoderVerifier"]),
        tests(
            "PriceFeedTests",
            ["PriceFeedService", "BusProtocol", "Quotes", "Throttles", "VenueProtocol", "WebProtocol"]
                + trading),
        tests("QuotesTests", ["Quotes"] + trading),
        tests(
            "VenueBudgetTests",
            [
                "VenueBudget", "PriceSource", "Reactor", "RedisLink", "Runtime", "Throttles",
                "Quotes", "BusProtocol", "VenueProtocol", "WebLink", "WebServer", "WebProtocol",
                "RedisServerSupport",
            ] + trading),
        tests("ThrottlesTests", ["Throttles", "Bounded", "Chronology"]),
        tests("VenueProtocolTests", ["VenueProtocol", "Quotes", "DecoderVerifier"] + trading),
        tests("BoundedTests", ["Bounded"]),
        tests("CommandLineTests", ["CommandLineService", "Runtime", "Algorithms"]),
        tests(
            "RuntimeTests",
            ["Runtime", "Reactor", "RedisLink", "BusProtocol", "RedisServerSupport", "host-probe"]
                + trading),
        tests("OrdersTests", ["Orders"] + trading),
        tests(
            "AllocationTests",
            [
                "Allocation", "AllocatorService", "BusProtocol", "Quotes", "Reactor", "RedisLink",
                "RedisServerSupport", "Runtime",
            ] + trading),
        tests("AlgorithmsTests", ["Algorithms", "Orders"] + trading),
        tests("PositionsTests", ["Positions"] + trading),
        tests("ChronologyTests", ["Chronology"]),
        tests("TradingTests", trading),
        .executableTarget(
            name: "host-probe", dependencies: ["Runtime", "Reactor", "Chronology"],
            path: "Tests/Support/HostProbe", swiftSettings: settings),
        .executableTarget(
            name: "budget-hammer",
            dependencies: [
                "Runtime", "Reactor", "VenueBudget", "VenueProtocol", "WebLink", "Chronology",
                "Throttles",
            ],
            path: "Tests/Support/BudgetHammer", swiftSettings: settings),
        tests("TidyTests", []),
        .target(name: "RedisServerSupport", path: "Tests/Support/RedisServer"),
        tests(
            "RedisLinkTests",
            ["CHiredis", "Reactor", "RedisLink", "RedisServerSupport"] + substrate),
        tests(
            "OrderGatewayTests",
            ["OrderGatewayService", "Reactor", "RedisLink", "RedisServerSupport"] + domain + wire),
    ]
)
