import Bytes
import ExchangeDoor
import Foundation
import PaperExchangeService
import RawPeers
import Testing

@Suite("The accounts that the environment lists") struct PaperAccountsTests {
    @Test("Each part is a name, a key and a secret; what is wrong is told without them")
    func list() throws {
        let keys = try PaperAccounts.read("alice:k1:s1,alice:k2:s2:read,bob:k3:s3")
        #expect(keys.map(\.account) == ["alice", "alice", "bob"])
        #expect(keys.map(\.role) == [.trade, .read, .trade])
        for wrong in ["", "alice", "alice:k", "alice:k:s:write", "al ice:k:s", ":k:s", "a:k:s,"] {
            #expect(throws: PaperSettingsError.self, "\(wrong)") { try PaperAccounts.read(wrong) }
        }
        do {
            _ = try PaperAccounts.read("alice:hidden-key:hidden-secret:x")
        } catch {
            #expect(!error.description.contains("hidden"))
        }
    }

    /// The body of an answer of the admin port, joined where it comes in chunks.
    private func admin(
        _ exchange: PaperProcess, _ method: String, _ target: String, _ body: String = ""
    ) -> String {
        let peer = RawPeer(port: exchange.adminPort)
        peer.send(
            "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.utf8.count)"
                + "\r\nConnection: close\r\n\r\n" + body)
        let reply = peer.readToEnd()
        guard let first = reply.firstIndex(of: "{"), let last = reply.lastIndex(of: "}") else {
            return reply
        }
        return reply[first...last].split(separator: "\r\n").filter { line in
            // The sizes of the chunks stand on lines of their own.
            !line.allSatisfy(\.isHexDigit)
        }.joined()
    }

    @Test(
        "A second account trades by its own key, also after a restart, and is an operation's target"
    )
    func process() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("paper-accounts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let variables = ["PMS_PAPER_ACCOUNTS": "alice:alice-key:alice-secret"]
        for round in 1...2 {
            let exchange = try PaperProcess(directory, variables: variables)
            let fault =
                #"{"kind":"trade","symbol":"BTCUSDT","side":"BUY","quantity":"0.1","#
                + #""target":{"key":"alice-key"}}"#
            let added = admin(exchange, "POST", "/paper/faults", fault)
            #expect(added.contains("trade"), "\(added)")
            let truth = admin(exchange, "GET", "/paper/truth?exchange=futures&part=positions")
            let value = try JSONValue.parse(Array(truth.utf8))
            let positions = value["exchanges"]?[0]?["positions"]
            #expect(positions?.elements?.count == 1)
            #expect(positions?[0]?["account"]?.text == "alice")
            #expect(positions?[0]?["quantity"]?.text == (round == 1 ? "0.1" : "0.2"))
            exchange.kill()
        }
        let exchange = try PaperProcess(nil, variables: ["PMS_PAPER_ACCOUNTS": "alice:only-a-key"])
        #expect(exchange.exitCode() != 0 && exchange.log.contains("part 1 cannot be read"))
    }
}
