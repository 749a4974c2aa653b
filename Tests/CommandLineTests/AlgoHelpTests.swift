import Algorithms
import Foundation
import Testing

@testable import CommandLineService

/// What `pms` explains of algorithms, and what the README shows of them.
@Suite struct AlgoHelpTests {
    /// How a parameter is spelt on the command line.
    private func spelling(_ spec: ParameterSpec) -> String {
        switch spec.name {
        case "symbol": return "SYM"
        case "qty": return "QTY"
        case "side": return "SIDE"
        case let name: return "--" + name.replacingOccurrences(of: "_", with: "-")
        }
    }

    @Test(
        "the help of each kind explains every parameter: default, unit, limits, meaning",
        arguments: AlgoKind.allCases)
    func complete(kind: AlgoKind) {
        guard case .print(let text) = CommandTable.parse(["algo", "start", kind.rawValue, "--help"])
        else {
            Issue.record("algo start \(kind.rawValue) --help prints")
            return
        }
        let lines = text.split(separator: "\n").map(String.init)
        for spec in AlgoParameters.table(kind) {
            let name = spelling(spec)
            guard let line = lines.first(where: { $0.hasPrefix(name + " ") }) else {
                Issue.record("\(kind.rawValue): \(name) is not explained")
                continue
            }
            let isSwitch = spec.form == .flag && spec.standard == "0"
            let standard = spec.standard ?? (spec.name == "account" ? "only book" : "must be given")
            #expect(line.contains(isSwitch ? "off" : standard), "\(line)")
            #expect(line.contains(isSwitch ? "no value" : spec.limits), "\(line)")
            #expect(line.contains(spec.unit) && line.contains(spec.meaning), "\(line)")
            #expect(!spec.unit.isEmpty && !spec.meaning.isEmpty, "\(line)")
        }
    }

    @Test("README has an example of each kind, and each would be taken")
    func examples() throws {
        let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let readme = try String(contentsOfFile: top + "/README.md", encoding: .utf8)
        var kinds: Set<String> = []
        for line in readme.split(separator: "\n") where line.hasPrefix("pms algo start ") {
            let words = line.split(separator: " ").dropFirst().map(String.init)
            guard case .run(let invocation) = CommandTable.parse(words),
                let kind = AlgoKind(rawValue: words[2])
            else {
                Issue.record("it is no command: \(line)")
                continue
            }
            kinds.insert(kind.rawValue)
            var given = AlgoCommands.parameters(kind, invocation.arguments)
            given["account"] = "demo"
            #expect(throws: Never.self, "\(line)") { _ = try AlgoParameters(kind, given) }
        }
        #expect(kinds == Set(AlgoKind.allCases.map(\.rawValue)))
    }
}
