/// The table of architecture.md: which room may import which.
struct Layering {
    /// The room of each layer, from the manifest.
    let layers: [String: String]

    init(_ manifest: Manifest) {
        var layers: [String: String] = [:]
        for target in manifest.targets {
            let parts = target.path.split(separator: "/")
            if parts.count == 3, parts[0] == "Sources" {
                layers[target.name] = String(parts[1])
            }
        }
        self.layers = layers
    }

    /// What comes with the toolchain and costs neither memory nor start time.
    static let system: Set<String> = ["Glibc", "Synchronization", "Swift", "_Concurrency"]

    /// The layers each layer may import from.
    static let below: [String: Set<String>] = [
        "C": [],
        "Substrate": ["C"],
        "Domain": ["Substrate"],
        "Wire": ["Domain", "Substrate"],
        "Exchange": ["Wire", "Domain", "Substrate"],
        "Machinery": ["Wire", "Substrate", "C"],
        "Services": ["Machinery", "Exchange", "Wire", "Domain", "Substrate", "C"],
        "Commands": [],
    ]

    /// Imports within a layer, or beyond the table, that a room may have.
    static let granted: [String: Set<String>] = [
        // The floor signs by the same instructions as what is measured against it.
        "CFloor": ["CSHA"],
        "Algorithms": ["Orders", "Quotes", "Throttles"],
        "Allocation": ["Quotes"],
        "FuturesExchange": ["ExchangeDoor", "ExchangeMarkets"],
        "SpotExchange": ["ExchangeDoor", "ExchangeMarkets"],
        "RedisLink": ["Reactor"],
        "WebLink": ["Reactor"],
        "WebServer": ["Reactor"],
        // Configuration holds exact decimals and symbols.
        "Runtime": ["Reactor", "RedisLink", "WebLink", "WebServer", "Trading"],
        // Rooms that services share: they carry out what a machine of the Domain decides.
        "VenueBudget": ["Reactor", "RedisLink", "WebLink", "Runtime", "Trading", "Throttles"],
        "PriceSource": [
            "Reactor", "RedisLink", "WebLink", "Runtime", "VenueBudget", "Trading", "Quotes",
        ],
    ]

    /// Why `room` may not import `other`, or nil where it may.
    func refusal(of other: String, in room: String) -> String? {
        guard let layer = layers[room] else { return "the manifest has no room \(room)" }
        guard let otherLayer = layers[other] else {
            if Self.system.contains(other) || room == "pms-bench" { return nil }
            return "\(other) is not a room, and not in the allowed set of system modules"
        }
        if other == room || Self.below[layer, default: []].contains(otherLayer) { return nil }
        if Self.granted[room, default: []].contains(other) { return nil }
        switch layer {
        case "Substrate" where otherLayer == "Substrate": return nil
        case "Domain" where other == "Trading": return nil
        case "Commands" where otherLayer == "Services" || other == "Runtime" || room == "pms-bench":
            return nil
        case _:
            let allowed = Self.below[layer, default: []].sorted().joined(separator: ", ")
            return "\(room) is in \(layer), which imports from \(allowed) only, not \(other)"
        }
    }

    /// Imports in the sources that the table does not allow.
    func findings(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, !file.room.isEmpty else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast().compactMap { index in
            guard tokens[index].text == "import", tokens[index].kind == .word else { return nil }
            let next = tokens[index + 1]
            guard next.kind == .word, next.line == tokens[index].line else { return nil }
            return refusal(of: next.text, in: file.room).map {
                Finding(path: file.path, line: next.line, message: $0)
            }
        }
    }

    /// Dependencies in the manifest that the table does not allow, and commands of two services.
    func findings(_ manifest: Manifest) -> [Finding] {
        manifest.targets.filter { layers[$0.name] != nil }.flatMap { target -> [Finding] in
            var found = target.imports.compactMap { refusal(of: $0, in: target.name) }
            let services = target.imports.filter { layers[$0] == "Services" }
            if layers[target.name] == "Commands", target.name != "pms-bench", services.count != 1 {
                found.append("a command starts one service, not \(services.count)")
            }
            return found.map { Finding(path: "Package.swift", line: 0, message: $0) }
        }
    }

    /// Files that no target compiles, and targets without files.
    static func deadFiles(_ files: [SourceFile], _ manifest: Manifest) -> [Finding] {
        let folders = manifest.targets.map { $0.path + "/" }
        let dead = files.filter { file in !folders.contains { file.path.hasPrefix($0) } }
        let empty = manifest.targets.filter { target in
            !files.contains { $0.path.hasPrefix(target.path + "/") }
        }
        return dead.map { Finding(path: $0.path, line: 0, message: "no target has this file") }
            + empty.map { Finding(path: $0.path, line: 0, message: "the target has no file") }
    }
}
