import Chronology
import Reactor
import Runtime
import WebLink

/// `pms health`: what the processes on this host answer on their ports.
@LoopActor enum HealthCommand {
    private static let patience = Interval.seconds(2)

    static func run(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var names = session.environment.venueProcesses
        if let name = arguments.word(0) {
            guard KnobTable.processes.contains(name) else {
                let hint = EditDistanceHint.text(name, among: KnobTable.processes)
                throw arguments.usage("no such process: \(name)\(hint)")
            }
            names = [name]
        }
        var table = TextTable(["PROCESS", "PORT", "READY"])
        var records: [[(String, String)]] = []
        var worst: ExitStatus = .ok
        for name in names {
            let environment = Environment(process: name, variables: Environment.processVariables)
            let port = environment.httpPort
            let (status, text) = await ask(session, port)
            if worst == .ok || status == .notRunning { worst = status == .ok ? worst : status }
            records.append([("process", name), ("port", "\(port)"), ("ready", text)])
            table.append([name, "\(port)", text])
        }
        session.show(records, empty: "") { table }
        guard worst == .ok else { throw CommandFailure(code: worst.rawValue) }
    }

    /// What the port answers: ready (ok), not ready and why (error), or nothing (not running).
    private static func ask(_ session: Session, _ port: UInt16) async -> (ExitStatus, String) {
        let client = WebClient(loop: session.loop)
        let request = WebRequest(url: "http://127.0.0.1:\(port)/readyz", deadline: patience)
        switch await client.send(request) {
        case .response(let response):
            if response.status == 200 { return (.ok, "yes") }
            let line = response.text.split(separator: "\n").first
            return (.error, line.map(String.init) ?? "status \(response.status)")
        case .notSent(let error), .unknown(let error):
            return (.notRunning, "not running: \(error)")
        }
    }
}
