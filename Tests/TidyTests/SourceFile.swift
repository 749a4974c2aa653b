import Foundation

/// One file of the project, by its path from the top.
struct SourceFile {
    let path: String
    let text: String
    let tokens: [Token]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        tokens = path.hasSuffix(".swift") ? SwiftLexer.tokens(of: text) : []
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isSource: Bool { path.hasPrefix("Sources/") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    private var parts: [Substring] { path.split(separator: "/") }
    /// The layer of a source file: the folder below `Sources`.
    var layer: String { isSource && parts.count > 2 ? String(parts[1]) : "" }
    /// The room of a source file: the folder below the layer.
    var room: String { isSource && parts.count > 3 ? String(parts[2]) : "" }
}

/// A breach of a rule, worded so that it can be repaired from the message.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let message: String

    var description: String { line > 0 ? "\(path):\(line): \(message)" : "\(path): \(message)" }
}

/// The project's files, read once.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let files: [SourceFile] = ["Sources", "Tests"].flatMap(read(folder:)).sorted {
        $0.path < $1.path
    }

    static let manifest = text(of: "Package.swift") ?? ""

    static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: root.appendingPathComponent(path).path)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(folder: String) -> [SourceFile] {
        let top = root.appendingPathComponent(folder).path
        let paths = FileManager.default.enumerator(atPath: top)?.allObjects as? [String] ?? []
        let kinds = [".swift", ".c", ".h", ".modulemap"]
        return paths.filter { path in kinds.contains { path.hasSuffix($0) } }.compactMap { path in
            let path = folder + "/" + path
            return text(of: path).map { SourceFile(path: path, text: $0) }
        }
    }
}
