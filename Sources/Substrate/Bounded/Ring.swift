/// A first-in, first-out queue of fixed capacity that refuses when it is full.
@usableFromInline
package struct Ring<Element> {
    @usableFromInline internal var storage: ContiguousArray<Element?>
    @usableFromInline internal var head = 0
    @usableFromInline internal var length = 0

    /// - Parameter capacity: how many elements fit; greater than zero.
    package init(capacity: Int) {
        precondition(capacity > 0, "a ring has room for at least one element")
        storage = ContiguousArray(repeating: nil, count: capacity)
    }

    @inlinable package var capacity: Int { storage.count }
    @inlinable package var count: Int { length }
    @inlinable package var isEmpty: Bool { length == 0 }
    @inlinable package var isFull: Bool { length == storage.count }
    /// The oldest element.
    @inlinable package var first: Element? { length == 0 ? nil : storage[head] }
    /// The newest element.
    @inlinable package var last: Element? {
        length == 0 ? nil : storage[slot(of: length - 1)]
    }

    @inlinable internal func slot(of position: Int) -> Int {
        let slot = head + position
        return slot < storage.count ? slot : slot - storage.count
    }

    /// The element `position` places behind the oldest; `position` must be below `count`.
    @inlinable package subscript(position: Int) -> Element {
        get {
            precondition(position >= 0 && position < length, "a ring is read within its elements")
            guard let element = storage[slot(of: position)] else {
                preconditionFailure("a slot within the ring's length holds an element")
            }
            return element
        }
        set {
            precondition(position >= 0 && position < length, "a ring is set within its elements")
            storage[slot(of: position)] = newValue
        }
    }

    /// Adds an element at the end; false, and nothing added, where the ring is full.
    @inlinable package mutating func append(_ element: Element) -> Bool {
        if length == storage.count { return false }
        storage[slot(of: length)] = element
        length += 1
        return true
    }

    /// Adds an element at the end, and drops and returns the oldest where the ring is full.
    @inlinable package mutating func appendDroppingFirst(_ element: Element) -> Element? {
        let dropped = isFull ? popFirst() : nil
        storage[slot(of: length)] = element
        length += 1
        return dropped
    }

    /// Takes the oldest element.
    @inlinable package mutating func popFirst() -> Element? {
        if length == 0 { return nil }
        let element = storage[head]
        storage[head] = nil
        head = head + 1 < storage.count ? head + 1 : 0
        length -= 1
        return element
    }

    /// Drops every element and keeps the memory.
    package mutating func removeAll() {
        while popFirst() != nil {}
        head = 0
    }

    /// Takes out every element that `isUnwanted`, keeping the order of the rest; linear.
    package mutating func removeAll(where isUnwanted: (Element) -> Bool) {
        for _ in 0..<length {
            guard let element = popFirst() else { return }
            if !isUnwanted(element) { _ = append(element) }
        }
    }
}

extension Ring: Sendable where Element: Sendable {}
