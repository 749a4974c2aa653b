import Bytes
package import Reactor
import WebProtocol
package import WebServer

/// The process's HTTP port: `/healthz` (it runs), `/readyz` (it works, or why not), `/metrics`.
@LoopActor package final class HealthServer {
    /// The port it listens on; 0 before.
    package private(set) var port: UInt16 = 0

    private let loop: EventLoop
    private let process: String
    private var router = Router()
    private var server: WebServer?
    /// Why the process is not ready; empty when it is.
    var reasons: () -> [String] = { ["starting"] }
    /// The metrics in Prometheus's text format.
    var metrics: () -> String = { "" }

    init(loop: EventLoop, process: String) {
        self.loop = loop
        self.process = process
    }

    /// Adds a path of the service's own; before the process starts to listen.
    package func add(_ method: String, _ path: String, _ handler: @escaping Router.Handler) {
        precondition(server == nil, "paths are added before the server listens")
        router.add(method, path, handler)
    }

    /// Starts to listen; throws with the variable to change where the port is taken.
    func listen(address: String, port: UInt16) throws {
        let process = process
        router.add("GET", "/healthz") { _, exchange in
            exchange.respond(status: 200, json: "{\"service\":\"\(process)\",\"alive\":true}\n")
        }
        router.add("GET", "/readyz") { [weak self] _, exchange in
            guard let self else { return exchange.respond(status: 503, json: "{}") }
            let reasons = reasons()
            exchange.respond(status: reasons.isEmpty ? 200 : 503, json: readiness(reasons))
        }
        router.add("GET", "/metrics") { [weak self] _, exchange in
            let text = self?.metrics() ?? ""
            exchange.respond(
                status: 200, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"],
                body: Array(text.utf8))
        }
        let server = WebServer(loop: loop, router: router)
        self.server = server
        do throws(WebServerError) {
            self.port = try server.listen(address: address, port: port)
        } catch {
            throw ListenFailure(
                description: "\(error); another port can be given with PMS_HTTP_PORT")
        }
    }

    func close() { server?.close() }

    private func readiness(_ reasons: [String]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("service", process)
        writer.field("ready", reasons.isEmpty)
        writer.key("reasons" as StaticString)
        writer.beginArray()
        for reason in reasons { writer.value(reason) }
        writer.endArray()
        writer.endObject()
        return writer.text + "\n"
    }
}

/// A port that could not be taken.
struct ListenFailure: Error, CustomStringConvertible {
    let description: String
}
