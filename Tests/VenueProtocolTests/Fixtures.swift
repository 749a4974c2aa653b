import Foundation

/// Recorded and documented messages beside the checkout; absent in a fresh clone.
enum Fixtures {
    static let root: URL? = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return ["../shared/fixtures", "../../shared/fixtures"]
            .map { folder.appendingPathComponent($0).standardizedFileURL }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }()

    static var areAbsent: Bool { root == nil }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let root else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
    }

    /// The `body` member of a fixture file.
    static func body(_ path: String) throws -> [UInt8] {
        let document = try JSONSerialization.jsonObject(with: Data(try bytes(path)))
        guard let fields = document as? [String: Any], let body = fields["body"] else {
            throw CocoaError(.coderValueNotFound)
        }
        return [UInt8](try JSONSerialization.data(withJSONObject: body))
    }
}
