import Bytes
import Foundation
import Testing

@Suite("Request signatures are those the venues document")
struct SigningFixtureTests {
    /// The documented vectors, from the folder of recorded data beside or above the project.
    static let vectors: Data? = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let file = folder.appendingPathComponent("shared/fixtures/signing/doc_vectors.json")
            if let data = FileManager.default.contents(atPath: file.path) { return data }
        }
        return nil
    }()

    @Test(
        "each documented vector signs as documented, but the two that are wrong there",
        .enabled(if: vectors != nil, "the recorded data is not beside the project"))
    func documented() throws {
        let tree = try JSONValue.parse([UInt8](try #require(Self.vectors)))
        let vectors = try #require(tree.elements)
        #expect(vectors.count > 3)
        for vector in vectors {
            let secret = try vector.field("secret", \.text)
            let query = try vector.field("query", \.text)
            let body = try vector.field("body", \.text)
            let computed = try vector.field("computed_hmac_sha256_hex", \.text)
            let documented = try vector.field("documented_signature", \.text)
            let name = try vector.field("name", \.text)
            let isRight = try vector.field("documented_matches_computed", \.boolean)
            let signer = HMACSHA256(key: Array(secret.utf8))
            let signature = signer.hexSignature(query: query, body: body)
            #expect(signature == computed, "\(name)")
            #expect((signature == documented) == isRight, "\(name)")
        }
    }
}
