import CLinux
import Chronology
import Glibc
import Reactor
import Testing

/// Keeps what it is told, and runs a closure each time.
@LoopActor final class ScriptedHandler: DescriptorHandler {
    var onReady: (Readiness) -> Void
    init(_ onReady: @escaping (Readiness) -> Void) { self.onReady = onReady }
    func descriptorReady(_ readiness: Readiness) { onReady(readiness) }
}

/// Two connected sockets, closed at the end.
struct SocketPair: ~Copyable {
    let near: Int32
    let far: Int32

    init() {
        var ends: [Int32] = [0, 0]
        let result = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        precondition(result == 0)
        (near, far) = (ends[0], ends[1])
    }

    func send(_ byte: UInt8) {
        var byte = byte
        unsafe write(far, &byte, 1)
    }

    deinit {
        close(near)
        close(far)
    }
}

@Suite("The epoll loop")
struct EventLoopTests {
    @Test("Bytes on a socket reach the handler until they are read")
    func readable() async {
        await EventLoop.onLoop {
            let pair = SocketPair()
            let loop = EventLoop.process
            let near = pair.near
            var registration: Registration!
            let readiness = await withCheckedContinuation { continuation in
                let handler = ScriptedHandler { readiness in
                    loop.deregister(registration)
                    continuation.resume(returning: readiness)
                }
                registration = loop.register(fd: near, .readable, handler)
                pair.send(7)
            }
            #expect(readiness == .readable)
        }
    }

    @Test("An event for a descriptor number that was closed and used again is not delivered")
    func stale() async {
        await EventLoop.onLoop {
            let loop = EventLoop.process
            var calls: [String] = []
            var first = SocketPair()
            let second = SocketPair()
            // Both are ready in one batch; whichever comes first closes the other.
            var tickets: [Registration] = []
            var replacement: Registration?
            let victim = first.near
            let closer = ScriptedHandler { _ in
                calls.append("closer")
                loop.deregister(tickets[0])
                loop.deregister(tickets[1])
                first = SocketPair()
                let late = ScriptedHandler { _ in calls.append("wrong") }
                if first.near == victim { replacement = loop.register(fd: victim, .readable, late) }
            }
            tickets.append(loop.register(fd: second.near, .readable, closer))
            tickets.append(loop.register(fd: first.near, .readable, closer))
            first.send(1)
            second.send(1)
            await LoopUnderTest.real().pass(.milliseconds(2))
            #expect(calls == ["closer"])
            if let replacement { loop.deregister(replacement) }
        }
    }

    @Test("The end of the peer is reported as a hangup")
    func hangup() async {
        await EventLoop.onLoop {
            let pair = SocketPair()
            let near = pair.near
            let loop = EventLoop.process
            var registration: Registration!
            let readiness = await withCheckedContinuation { continuation in
                let handler = ScriptedHandler { readiness in
                    loop.deregister(registration)
                    continuation.resume(returning: readiness)
                }
                registration = loop.register(fd: near, .readable, handler)
                shutdown(pair.far, Int32(SHUT_RDWR))
            }
            #expect(readiness.contains(.hangup))
        }
    }

    @Test("Writable is reported only when asked for")
    func writable() async {
        await EventLoop.onLoop {
            let pair = SocketPair()
            let loop = EventLoop.process
            var seen: [Readiness] = []
            var registration: Registration!
            let handler = ScriptedHandler { readiness in
                seen.append(readiness)
                loop.update(registration, .readable)
            }
            registration = loop.register(fd: pair.near, .readable, handler)
            await LoopUnderTest.real().pass(.milliseconds(1))
            #expect(seen.isEmpty)
            loop.update(registration, [.readable, .writable])
            await LoopUnderTest.real().pass(.milliseconds(1))
            #expect(seen == [.writable])
            loop.deregister(registration)
        }
    }

    @Test("Everything posted from many threads arrives, in order for each thread")
    func posts() async {
        EventLoop.process.runInBackground()
        let perThread = 5_000
        let counts = await EventLoop.onLoop { PostCounts() }
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for value in 0..<perThread {
                        EventLoop.process.post { counts.receive(thread, value) }
                    }
                }
            }
        }
        let (next, disorder) = await EventLoop.onLoop { (counts.next, counts.disorder) }
        #expect(next == [perThread, perThread, perThread, perThread])
        #expect(disorder == 0)
    }

    @Test("Isolated code runs on one thread, before and after suspensions elsewhere")
    func isolation() async {
        await EventLoop.onLoop {
            let thread = pms_thread_id()
            #expect(EventLoop.process.isCurrent)
            for _ in 0..<100 {
                await Task.detached { #expect(!EventLoop.process.isCurrent) }.value
                #expect(pms_thread_id() == thread)
                LoopActor.assertIsolated()
            }
        }
    }

    @Test("A signal runs its body on the loop")
    func signal() async {
        await EventLoop.onLoop {
            let loop = EventLoop.process
            await withCheckedContinuation { continuation in
                var isFirst = true
                loop.onSignal(SIGURG) {
                    #expect(loop.isCurrent)
                    if isFirst { continuation.resume() }
                    isFirst = false
                }
                // SIGURG is ignored by default, so it harms no other thread; aimed at this one.
                _ = pthread_kill(pthread_self(), SIGURG)
            }
        }
    }
}

/// Counts what each thread posted.
@LoopActor final class PostCounts {
    var next = [0, 0, 0, 0]
    var disorder = 0

    func receive(_ thread: Int, _ value: Int) {
        if next[thread] != value { disorder += 1 }
        next[thread] += 1
    }
}
