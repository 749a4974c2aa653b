import Bytes
import Chronology
import Glibc
import Reactor
import RedisServerSupport
import Testing

@testable import RedisLink

@Suite("A subscriber against a real server")
struct RedisSubscriberTests {
    @LoopActor private func make(_ server: RedisServer) throws -> RedisSubscriber {
        RedisSubscriber(
            loop: .process, endpoint: try RedisEndpoint(url: server.url()), name: "sub",
            jitterSeed: 2)
    }

    @Test("Messages of channels and patterns reach their handlers in order")
    func messages() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let subscriber = try make(server)
            let plain = Inlet()
            let pattern = Inlet()
            subscriber.subscribe("a", plain)
            subscriber.subscribe(pattern: "a*", pattern)
            subscriber.start()
            await plain.wait(messages: 0, established: 1)
            await pattern.wait(messages: 0, established: 1)
            #expect(plain.established == ["a"] && pattern.established == ["a*"])
            for index in 0..<100 {
                server.command("PUBLISH", index % 2 == 0 ? "a" : "ab", "\(index)")
            }
            await plain.wait(messages: 50, established: 1)
            await pattern.wait(messages: 100, established: 1)
            #expect(plain.messages == stride(from: 0, to: 100, by: 2).map { "a:\($0)" })
            #expect(pattern.messages.first == "a:0" && pattern.messages.last == "ab:99")
            subscriber.close()
        }
    }

    @Test("P4: after kill -9 it subscribes again and says so")
    func resubscribe() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let subscriber = try make(server)
            let plain = Inlet()
            let pattern = Inlet()
            for index in 0..<300 { subscriber.subscribe("c\(index)", plain) }
            subscriber.subscribe(pattern: "p*", pattern)
            subscriber.start()
            await plain.wait(messages: 0, established: 300)
            await aside { server.stop() }
            await aside { server.start() }
            await plain.wait(messages: 0, established: 600)
            await pattern.wait(messages: 0, established: 2)
            await aside { server.command("PUBLISH", "c299", "x") }
            await aside { server.command("PUBLISH", "p", "y") }
            await plain.wait(messages: 1, established: 600)
            await pattern.wait(messages: 1, established: 2)
            #expect(plain.messages == ["c299:x"] && pattern.messages == ["p:y"])
            subscriber.close()
        }
    }

    @Test("P3: an idle subscriber notices a frozen server within 2 s")
    func frozen() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let subscriber = try make(server)
            let watch = StateWatch()
            subscriber.onState = { watch.received($0) }
            let inlet = Inlet()
            subscriber.subscribe("a", inlet)
            subscriber.start()
            await inlet.wait(messages: 0, established: 1)
            let start = EventLoop.process.now
            server.signal(SIGSTOP)
            let reason = await watch.down()
            #expect(EventLoop.process.now - start <= .seconds(2))
            #expect(reason.contains("PING"))
            server.signal(SIGCONT)
            await inlet.wait(messages: 0, established: 2)
            subscriber.close()
        }
    }

    @Test("Subscriptions come and go while it is connected")
    func change() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let subscriber = try make(server)
            let inlet = Inlet()
            let second = Inlet()
            let watch = StateWatch()
            subscriber.onState = { watch.received($0) }
            subscriber.start()
            await watch.up()
            // Idle without a subscription it must stay up: PING is answered differently then.
            await pass(.milliseconds(700))
            #expect(subscriber.isUp)
            subscriber.subscribe("a", inlet)
            await inlet.wait(messages: 0, established: 1)
            subscriber.subscribe("a", second)
            await second.wait(messages: 0, established: 1)
            await aside { server.command("PUBLISH", "a", "1") }
            await second.wait(messages: 1, established: 1)
            #expect(inlet.messages == ["a:1"])
            subscriber.unsubscribe("a")
            subscriber.subscribe("b", inlet)
            await inlet.wait(messages: 1, established: 2)
            await aside { server.command("PUBLISH", "a", "2") }
            await aside { server.command("PUBLISH", "b", "3") }
            await inlet.wait(messages: 2, established: 2)
            #expect(inlet.messages == ["a:1", "b:3"])
            #expect(watch.states == [.connecting, .up])
            subscriber.close()
        }
    }

    @Test("A channel it may not read is a reason, not silence")
    func forbidden() async throws {
        let server = RedisServer()
        server.command("ACL", "SETUSER", "u", "on", ">pw", "resetchannels", "+@all")
        try await EventLoop.onLoop {
            let subscriber = RedisSubscriber(
                loop: .process, endpoint: try RedisEndpoint(url: server.url(login: "u:pw")),
                name: "sub", jitterSeed: 2)
            let watch = StateWatch()
            subscriber.onState = { watch.received($0) }
            subscriber.subscribe("a", Inlet())
            subscriber.start()
            let reason = await watch.down()
            #expect(reason.hasPrefix("subscription refused: NOPERM"))
            subscriber.close()
        }
    }
}
