import Bounded
import Testing

@Suite("A slot table's ids outlive nothing but their own element")
struct SlotTableTests {
    @Test("invariant 4: a removed element's id finds nothing, even when its slot is used again")
    func staleID() throws {
        var table = SlotTable<String>(capacity: 1)
        let inserted = table.insert("first")
        let first = try #require(inserted)
        same(table.insert("second"), nil)
        same(table.remove(first), "first")
        same(table.remove(first), nil)
        let insertedNext = table.insert("second")
        let second = try #require(insertedNext)
        #expect(second.index == first.index)
        #expect(table[first] == nil)
        table[first] = "changed"
        #expect(table[second] == "second")
        table[second] = nil
        #expect(table.isEmpty)
        #expect(table[SlotID(index: 9, generation: 1)] == nil)
    }

    @Test("an id keeps its parts in one word")
    func word() {
        let id = SlotID(index: 7, generation: 0xFFFF_FFFF)
        #expect(SlotID(word: id.word) == id)
    }

    @Test("invariant 3: elements are visited by slot, and agree with a dictionary, seed 7")
    func twin() {
        var random = SplitMix64(seed: 7)
        var table = SlotTable<Int>(capacity: 20)
        var twin: [SlotID: Int] = [:]
        for value in 0..<5_000 {
            if Bool.random(using: &random) {
                if let id = table.insert(value) {
                    twin[id] = value
                } else {
                    #expect(twin.count == 20)
                }
            } else if let id = twin.keys.sorted().randomElement(using: &random) {
                same(table.remove(id), twin.removeValue(forKey: id))
            }
            #expect(table.count == twin.count)
        }
        var visited: [SlotID] = []
        table.forEach { id, value in
            visited.append(id)
            #expect(twin[id] == value)
        }
        #expect(visited == twin.keys.sorted())
        table.removeAll()
        #expect(table.isEmpty)
        for id in visited { #expect(table[id] == nil) }
    }
}
