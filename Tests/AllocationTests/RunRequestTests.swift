import AllocatorService
import Testing

@Suite("Requests for a run")
struct RunRequestTests {
    private func read(_ query: String, _ body: String = "") -> String {
        do throws(RunRequestProblem) {
            let request = try RunRequest(query: Array(query.utf8), body: Array(body.utf8))
            return (request.isDry ? "dry" : "real") + (request.waits ? " waits" : "")
        } catch {
            return error.description
        }
    }

    @Test("the query and a JSON body say the same")
    func same() {
        #expect(read("") == "real")
        #expect(read("wait=1") == "real waits")
        #expect(read("dry_run=1&wait=0") == "dry")
        #expect(read("", "{\"dry_run\":true}") == "dry")
        #expect(read("wait=1", "{\"dry_run\": 1}") == "dry waits")
        #expect(read("", "{}") == "real")
    }

    @Test("I3: what cannot be read, or is not known, is refused: nothing trades by mistake",
        arguments: [
            ("", "{bad"), ("", "dry_run=1"), ("", "[true]"), ("", "{\"dry\":true}"),
            ("", "{\"dry_run\":\"yes\"}"), ("", "{\"dry_run\":null}"), ("dryrun=1", ""),
            ("wait=true", ""), ("wait=1", "{\"wait\":false}"), ("", "{\"wait\":true} x"), ("%zz=1", ""),
            ("", "{\"wait\":" + String(repeating: "[", count: 5_000)),
        ])
    func refused(query: String, body: String) {
        let told = read(query, body)
        #expect(!told.hasPrefix("real") && !told.hasPrefix("dry"), "\(told)")
    }
}
