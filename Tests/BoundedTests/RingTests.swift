import Bounded
import Testing

@Suite("A ring is first in, first out, and refuses when full")
struct RingTests {
    @Test("elements leave in the order they came, around the end of the storage")
    func order() {
        var ring = Ring<Int>(capacity: 3)
        var next = 0
        var expected = 0
        for round in 0..<50 {
            while ring.append(next) { next += 1 }
            #expect(ring.isFull)
            #expect(ring.first == expected)
            #expect(ring.last == next - 1)
            for _ in 0...(round % 3) {
                same(ring.popFirst(), expected)
                expected += 1
            }
        }
    }

    @Test("a full ring refuses and keeps what it holds; a dropping append loses the oldest")
    func full() {
        var ring = Ring<String>(capacity: 2)
        same(ring.append("a"), true)
        same(ring.append("b"), true)
        let isTaken = ring.append("c")
        #expect(!isTaken)
        #expect(ring.count == 2)
        same(ring.appendDroppingFirst("c"), "a")
        #expect(ring[0] == "b")
        #expect(ring[1] == "c")
        ring.removeAll()
        #expect(ring.isEmpty)
        same(ring.popFirst(), nil)
        same(ring.appendDroppingFirst("d"), nil)
        #expect(ring.count == 1)
    }

    @Test("unwanted elements are taken out and the rest keep their order")
    func removal() {
        var ring = Ring<Int>(capacity: 6)
        for value in 0..<4 { _ = ring.append(value) }
        _ = ring.popFirst()
        for value in 4..<7 { _ = ring.append(value) }
        ring.removeAll { $0 % 2 == 0 }
        #expect((0..<ring.count).map { ring[$0] } == [1, 3, 5])
    }
}
