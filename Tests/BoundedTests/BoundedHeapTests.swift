import Bounded
import Testing

@Suite("A heap gives the least first, equals in order, and lets any element go")
struct BoundedHeapTests {
    @Test("invariant 3: equal priorities leave in order of insertion")
    func equals() {
        var heap = BoundedHeap<Int, String>(capacity: 8)
        for (value, priority) in [("a", 2), ("b", 1), ("c", 2), ("d", 1), ("e", 2)] {
            same(heap.insert(value, priority: priority) != nil, true)
        }
        var order = ""
        while let (_, value) = heap.popFirst() { order += value }
        #expect(order == "bdace")
    }

    @Test("a full heap refuses; what is due is taken up to a limit")
    func limits() {
        var heap = BoundedHeap<Int, Int>(capacity: 2)
        _ = heap.insert(10, priority: 10)
        _ = heap.insert(5, priority: 5)
        #expect(heap.isFull)
        same(heap.insert(1, priority: 1), nil)
        same(heap.popFirst(through: 4), nil)
        same(heap.popFirst(through: 5), 5)
        #expect(heap.first?.value == 10)
    }

    @Test("inserts, moves, removals and pops agree with a sorted list", arguments: [1, 2, 3])
    func twin(seed: UInt64) {
        struct Item { var id: SlotID, priority: Int, order: Int }
        var random = SplitMix64(seed: seed)
        var heap = BoundedHeap<Int, Int>(capacity: 40)
        var twin: [Item] = []
        for order in 0..<4_000 {
            let priority = Int.random(in: 0..<10, using: &random)
            let pick = twin.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<5, using: &random), pick) {
            case (0, let pick?):
                let item = twin.remove(at: pick)
                same(heap.remove(item.id) != nil, true)
                same(heap.remove(item.id), nil)
            case (1, let pick?):
                twin[pick].priority = priority
                twin[pick].order = order
                same(heap.move(twin[pick].id, to: priority), true)
            case (2, _):
                let least = twin.indices.min {
                    (twin[$0].priority, twin[$0].order) < (twin[$1].priority, twin[$1].order)
                }
                let popped = heap.popFirst()
                #expect(popped?.priority == least.map { twin[$0].priority })
                if let least {
                    #expect(heap[twin[least].id] == nil)
                    twin.remove(at: least)
                }
            case _:
                guard let id = heap.insert(order, priority: priority) else {
                    #expect(twin.count == 40)
                    continue
                }
                twin.append(Item(id: id, priority: priority, order: order))
            }
            #expect(heap.count == twin.count)
        }
    }
}
