import Foundation
import RawPeers
import Reactor
import Testing
import WebLink
import WebProtocol

/// Against a TLS server written in Python, with a certificate made for the test.
@Suite(.enabled(if: PythonProgram.path != nil && TestCertificate.openssl != nil))
struct EncryptionTests {
    @Test("https works with the right authority; with the system's own nothing is sent")
    func https() async throws {
        try await onOwnThread {
            let certificate = try TestCertificate()
            let server = try PythonProgram(["-c", Self.webServer, certificate.pem])
            defer { withExtendedLifetime(server) {} }
            let port = try #require(server.readPort())
            let url = "https://127.0.0.1:\(port)/a"
            for (authorities, expected) in [(certificate.pem, "response 200"), (nil, "not sent")] {
                let client = await EventLoop.onLoop {
                    WebClient(loop: .process, authorities: authorities)
                }
                let outcome = Pending(client, WebRequest(method: "POST", url: url, body: [1, 2]))
                #expect(kind(await outcome.value) == expected)
                await EventLoop.onLoop { client.close() }
            }
        }
    }

    @Test("wss: messages that TLS has already taken off the socket are all delivered")
    func wss() async throws {
        try await onOwnThread {
            let certificate = try TestCertificate()
            let server = try PythonProgram(["-c", Self.socketServer, certificate.pem])
            defer { withExtendedLifetime(server) {} }
            let port = try #require(server.readPort())
            let socket = await EventLoop.onLoop {
                SocketUnderTest("wss://127.0.0.1:\(port)/ws", authorities: certificate.pem)
            }
            // The burst comes in one write and fills several reads; nothing else comes behind it.
            #expect(await eventually { socket.messages.count == 3_000 })
            let text = String(repeating: "y", count: 100_000)
            #expect(await eventually { socket.client?.send(text: text) == true })
            #expect(await eventually { socket.messages.last == "text got 100014" })
            await EventLoop.onLoop { socket.client?.close() }
            #expect(await eventually { socket.reasons.count == 1 })
            await EventLoop.onLoop { socket.discard() }
        }
    }

    @Test("Requests over a kept connection with TLS")
    func keptConnection() async throws {
        try await onOwnThread {
            let certificate = try TestCertificate()
            let server = try PythonProgram(["-c", Self.keepingServer, certificate.pem])
            defer { withExtendedLifetime(server) {} }
            let port = try #require(server.readPort())
            let url = "https://127.0.0.1:\(port)/a"
            let client = await EventLoop.onLoop {
                let client = WebClient(loop: .process, authorities: certificate.pem)
                client.keepOpen(url, count: 1)
                return client
            }
            for number in 0..<3 {
                #expect(await eventually { client.freeConnections == 1 })
                let body = [UInt8](repeating: 0x61, count: 1 + 40_000 * number)
                let outcome = Pending(client, WebRequest(method: "POST", url: url, body: body))
                guard case .response(let response) = await outcome.value else {
                    Issue.record("no response")
                    continue
                }
                // The server takes one connection only, and sends back what it was sent.
                #expect(response.body == body)
            }
            await EventLoop.onLoop { client.close() }
        }
    }

    private static let prelude = """
        import ssl, socket, sys, hashlib, base64
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
        listener = socket.create_server(('127.0.0.1', 0))
        print(listener.getsockname()[1])
        def head(peer):
            data = b''
            while b'\\r\\n\\r\\n' not in data:
                piece = peer.recv(65536)
                if not piece: sys.exit()
                data += piece
            return data

        """
    private static let webServer =
        prelude + """
            while True:
                try:
                    peer = context.wrap_socket(listener.accept()[0], server_side=True)
                    head(peer)
                    peer.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')
                except ssl.SSLError: pass
            """
    private static let keepingServer =
        prelude + """
            peer = context.wrap_socket(listener.accept()[0], server_side=True)
            listener.close()
            while True:
                request = head(peer)
                start, body = request.split(b'\\r\\n\\r\\n', 1)
                length = int(start.split(b'Content-Length: ')[1].split(b'\\r\\n')[0])
                while len(body) < length:
                    body += peer.recv(65536)
                peer.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % length + body)
            """
    private static let socketServer =
        prelude + """
            peer = context.wrap_socket(listener.accept()[0], server_side=True)
            request = head(peer).decode()
            key = request.split('Sec-WebSocket-Key: ')[1].split('\\r\\n')[0]
            accept = base64.b64encode(hashlib.sha1(
                (key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest())
            burst = b''.join(b'\\x81\\x7e\\x00\\x80' + b'%0128d' % i for i in range(3000))
            peer.sendall(b'HTTP/1.1 101 X\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'
                b'Sec-WebSocket-Accept: ' + accept + b'\\r\\n\\r\\n' + burst)
            count = 0
            while count < 100014:
                count += len(peer.recv(65536))
            text = b'got %d' % count
            peer.sendall(b'\\x81' + bytes([len(text)]) + text)
            peer.recv(100)
            peer.close()
            """
}

/// A key and a certificate for 127.0.0.1 in one file, removed with the object.
final class TestCertificate {
    static let openssl: String? = PythonProgram.find("openssl")
    let pem: String

    init() throws {
        pem = NSTemporaryDirectory() + "pms-test-\(UUID().uuidString).pem"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.openssl ?? "")
        process.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", pem, "-out",
            pem + ".crt", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let certificate = try String(contentsOfFile: pem + ".crt", encoding: .utf8)
        let key = try String(contentsOfFile: pem, encoding: .utf8)
        try FileManager.default.removeItem(atPath: pem + ".crt")
        try (key + certificate).write(toFile: pem, atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: pem) }
}
