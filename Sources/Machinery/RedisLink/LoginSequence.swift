import Bytes

/// The commands that open a connection and the judgement of their replies: AUTH, SELECT, CLIENT
/// SETNAME, PING, written together.
struct LoginSequence {
    enum Action {
        case wait
        case done
        case refused(String)
    }

    private enum Command {
        case authenticate, select, setName, ping
    }

    private var commands: [Command] = []
    private var endpoint: RedisEndpoint?
    private var name = ""

    init() {}

    init(endpoint: RedisEndpoint, name: String) {
        self.endpoint = endpoint
        // CLIENT SETNAME refuses spaces and control characters.
        self.name = String(
            decoding: name.utf8.map { $0 > 32 && $0 < 127 ? $0 : UInt8(ascii: "-") },
            as: UTF8.self)
        if endpoint.password != nil { commands.append(.authenticate) }
        if endpoint.database != 0 { commands.append(.select) }
        if !name.isEmpty { commands.append(.setName) }
        commands.append(.ping)
    }

    func write(into writer: inout ByteWriter) {
        for command in commands {
            switch command {
            case .authenticate:
                RESPWriter.command(endpoint?.user == nil ? 2 : 3, into: &writer)
                RESPWriter.argument("AUTH", into: &writer)
                if let user = endpoint?.user { RESPWriter.argument(text: user, into: &writer) }
                RESPWriter.argument(text: endpoint?.password ?? "", into: &writer)
            case .select:
                RESPWriter.command(2, into: &writer)
                RESPWriter.argument("SELECT", into: &writer)
                RESPWriter.argument(integer: Int64(endpoint?.database ?? 0), into: &writer)
            case .setName:
                RESPWriter.command(3, into: &writer)
                RESPWriter.argument("CLIENT", into: &writer)
                RESPWriter.argument("SETNAME", into: &writer)
                RESPWriter.argument(text: name, into: &writer)
            case .ping:
                RESPWriter.command(1, into: &writer)
                RESPWriter.argument("PING", into: &writer)
            }
        }
    }

    mutating func replyReceived(_ arena: ReplyArena) -> Action {
        guard !commands.isEmpty else { return .refused("protocol error: too many login replies") }
        let command = commands.removeFirst()
        let error = arena.nodes.first?.kind == .error ? String(arena.text(0)) : nil
        switch (command, error) {
        case (.authenticate, let error?):
            return .refused("AUTH refused: \(error)")
        case (.select, let error?):
            return .refused("SELECT \(endpoint?.database ?? 0) refused: \(error)")
        case (.setName, _):
            // A user without the right to name its connection works all the same.
            return .wait
        case (.ping, let error?) where !error.hasPrefix("NOPERM"):
            return .refused("not ready: \(error)")
        case (.ping, _):
            return .done
        case (.authenticate, nil), (.select, nil):
            return .wait
        }
    }
}
