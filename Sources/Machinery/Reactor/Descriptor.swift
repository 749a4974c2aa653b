import CLinux

/// What a handler waits for on a descriptor; level-triggered.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes to read, a connection to accept, or the peer's end.
    package static let readable = Interest(rawValue: 1)
    /// Room to write, or a finished connect.
    package static let writable = Interest(rawValue: 2)

    /// epoll's flags for it: EPOLLIN | EPOLLRDHUP (0x2001), EPOLLOUT (4).
    var epollEvents: UInt32 {
        (contains(.readable) ? 0x2001 : 0) | (contains(.writable) ? 0x4 : 0)
    }
}

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// The peer closed its side, or the descriptor is in error; reading tells which.
    package static let hangup = Readiness(rawValue: 4)

    /// From epoll's flags: EPOLLIN 1, EPOLLOUT 4, EPOLLERR 8, EPOLLHUP 0x10, EPOLLRDHUP 0x2000.
    init(epollEvents events: UInt32) {
        self.init(
            rawValue: (events & 0x1) | ((events & 0x4) >> 1) | (events & 0x2018 != 0 ? 4 : 0))
    }
}

/// The loop's ticket for one watched descriptor; a later registration of the same number differs.
package struct Registration: Hashable, Sendable {
    package let fd: Int32
    let id: UInt32

    var epollData: UInt64 { UInt64(id) << 32 | UInt64(UInt32(bitPattern: fd)) }
}

/// The owner of a watched descriptor.
@LoopActor package protocol DescriptorHandler: AnyObject {
    /// The descriptor is ready; called again on the next turn as long as it stays so.
    func descriptorReady(_ readiness: Readiness)
}
