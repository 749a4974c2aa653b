import Testing

@Suite("The project keeps its own rules")
struct TidyTests {
    private func expectNone(
        _ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for finding in findings {
            Issue.record("\(finding)", sourceLocation: sourceLocation)
        }
    }

    @Test("the files of the project are found")
    func files() {
        #expect(Project.files.contains { $0.path == "Sources/Substrate/Bytes/SHA256.swift" })
        #expect(Project.files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(Manifest(Project.manifest).targets.count > 20)
    }

    @Test("a room imports what its layer may import, in the sources and in the manifest")
    func layering() {
        let manifest = Manifest(Project.manifest)
        let layering = Layering(manifest)
        expectNone(Project.files.flatMap(layering.findings(_:)))
        expectNone(layering.findings(manifest))
    }

    @Test("nothing banned is called")
    func bannedCalls() { expectNone(Project.files.flatMap(BannedCalls.findings(_:))) }

    @Test("no note to come back to is left behind")
    func notes() { expectNone(Project.files.flatMap(BannedCalls.notes(_:))) }

    @Test("files, functions and lines stay within their sizes")
    func sizes() { expectNone(Project.files.flatMap(Sizes.findings(_:))) }

    @Test("every file belongs to a target, and every target has files")
    func deadFiles() {
        expectNone(Layering.deadFiles(Project.files, Manifest(Project.manifest)))
    }
}
