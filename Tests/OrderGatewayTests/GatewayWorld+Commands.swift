import BusProtocol
import Chronology

@testable import OrderGatewayService

/// Commands as a person sends them.
extension GatewayWorld {
    mutating func tell(_ id: String, _ kind: CommandKind, _ body: [String: String]) {
        tell(
            .command(
                Command(
                    id: id, from: "test", deadlineMilliseconds: wall.milliseconds + 5_000,
                    kind: kind.rawValue, body: body)))
    }
}
