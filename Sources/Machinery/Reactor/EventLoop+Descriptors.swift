import CLinux
import Glibc

/// Who watches which descriptor, indexed by its number.
struct DescriptorTable {
    private struct Entry {
        var id: UInt32
        var handler: (any DescriptorHandler)?
    }

    private var entries: [Entry] = []
    private var latestID: UInt32 = 0

    mutating func insert(fd: Int32, _ handler: any DescriptorHandler) -> Registration {
        let index = Int(fd)
        while entries.count <= index { entries.append(Entry(id: 0, handler: nil)) }
        precondition(entries[index].handler == nil, "descriptor \(fd) is already registered")
        latestID = latestID == .max ? 1 : latestID + 1
        entries[index] = Entry(id: latestID, handler: handler)
        return Registration(fd: fd, id: latestID)
    }

    mutating func remove(_ registration: Registration) -> Bool {
        guard contains(registration) else { return false }
        entries[Int(registration.fd)] = Entry(id: 0, handler: nil)
        return true
    }

    func contains(_ registration: Registration) -> Bool {
        let index = Int(registration.fd)
        return index < entries.count && entries[index].id == registration.id
    }

    /// The handler an event is meant for; nil when the registration it came from is gone.
    func handler(data: UInt64) -> (any DescriptorHandler)? {
        let index = Int(truncatingIfNeeded: data & 0xFFFF_FFFF)
        guard index < entries.count, entries[index].id == UInt32(data >> 32) else { return nil }
        return entries[index].handler
    }
}

extension EventLoop {
    /// Watches an open descriptor until `deregister`; the handler is kept alive as long.
    ///
    /// Traps when the descriptor is already watched, or is one epoll cannot watch (a plain file).
    package func register(
        fd: Int32, _ interest: Interest, _ handler: any DescriptorHandler
    ) -> Registration {
        let registration = descriptors.insert(fd: fd, handler)
        control(EPOLL_CTL_ADD, registration, interest)
        return registration
    }

    /// Changes what is waited for.
    package func update(_ registration: Registration, _ interest: Interest) {
        precondition(descriptors.contains(registration), "not registered any more")
        control(EPOLL_CTL_MOD, registration, interest)
    }

    /// Stops watching; call it before closing the descriptor. A second call does nothing.
    package func deregister(_ registration: Registration) {
        guard descriptors.remove(registration) else { return }
        _ = pms_epoll_control(epoll, EPOLL_CTL_DEL, registration.fd, 0, 0)
    }

    private func control(_ operation: Int32, _ registration: Registration, _ interest: Interest) {
        let result = pms_epoll_control(
            epoll, operation, registration.fd, interest.epollEvents, registration.epollData)
        precondition(result == 0, "epoll_ctl \(operation) on \(registration.fd): errno \(errno)")
    }
}
