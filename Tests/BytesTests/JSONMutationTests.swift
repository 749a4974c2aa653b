import Bounded
import Bytes
import Testing

@Suite("Mutated JSON never crashes a reader, and the readers agree on what they accept")
struct JSONMutationTests {
    static let corpus = [
        #"{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","T":1}"#,
        #"{"stream":"btcusdt@bookTicker","data":{"b":"0.00001","a":[1,2.5e-3,-0],"x":null}}"#,
        #"[{"filterType":"PRICE_FILTER","tickSize":"0.10"},[],{},"\u00e9\n\"",true,false]"#,
        #"{"code":-1121,"msg":"Invalid symbol.","nested":[[[[{"deep":[{}]}]]]]}"#,
        "  [ 1 , 2 , { \"k\" : \"v\" } ]\r\n\t",
    ]

    @Test("100,000 mutated texts, seed 20261121 (I3)")
    func mutations() {
        var random = SplitMix64(seed: 20_261_121)
        var accepted = 0
        for round in 0..<100_000 {
            let bytes = mutated(Array(Self.corpus[round % Self.corpus.count].utf8), &random)
            let skipped = skipOutcome(bytes)
            let parsed = parseOutcome(bytes)
            switch (skipped, parsed) {
            case (nil, nil): accepted += 1
            case (nil, let error?):
                // Only the tree looks into strings.
                if error.code != .badString { report(bytes, skipped, parsed) }
            case (let first?, let second?):
                if second.code != .badString, first != second { report(bytes, skipped, parsed) }
            case (_?, nil): report(bytes, skipped, parsed)
            }
        }
        #expect(accepted > 5_000)
    }

    private func report(_ bytes: [UInt8], _ skipped: JSONError?, _ parsed: JSONError?) {
        Issue.record(
            "\(String(decoding: bytes, as: UTF8.self)): \(skipped as Any), \(parsed as Any)")
    }

    @Test("the tree written and read again is the same tree; numbers agree with the scanner")
    func roundTrip() throws {
        for text in Self.corpus {
            let tree = try JSONValue.parse(Array(text.utf8))
            #expect(try JSONValue.parse(Array(tree.json.utf8)) == tree)
        }
        let tree = try JSONValue.parse(Array(Self.corpus[0].utf8))
        #expect(tree["u"]?.integer == 5_123_107_839_020)
        #expect(tree["b"]?.decimalUnits == 61_800_200_000_000_000)
        #expect(tree["s"]?.text == "BTCUSDT")
        #expect(tree["none"] == nil)
        #expect(throws: JSONError(.missingField, offset: 0, field: "none")) {
            try tree.field("none")
        }
        #expect(throws: JSONError(.wrongType, offset: 0, field: "s")) {
            try tree.field("s", \.integer)
        }
        let doubled = try JSONValue.parse(Array(#"{"a":1,"b":[true,"FALSE"],"a":2}"#.utf8))
        #expect(doubled["a"]?.integer == 2)
        #expect(doubled["b"]?.elements?.map(\.boolean) == [true, false])
        #expect(doubled["b"]?[2] == nil)
        #expect(doubled.members?.map(\.key) == ["a", "b", "a"])
    }

    private func skipOutcome(_ bytes: [UInt8]) -> JSONError? {
        var scanner = JSONScanner(bytes.rawSpan)
        do throws(JSONError) {
            try scanner.skipValue()
            try scanner.finish()
            return nil
        } catch { return error }
    }

    private func parseOutcome(_ bytes: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONValue.parse(bytes)
            return nil
        } catch { return error }
    }

    private func mutated(_ original: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(bytes[bytes.count - 1 - index], at: index)
            case 3: bytes.removeSubrange(index...)
            case 4:
                let other = Int.random(in: 0..<bytes.count, using: &random)
                bytes.swapAt(index, other)
            case _:
                let structural = Array("{}[],:\"\\0-1.eE tfn".utf8)
                bytes[index] = structural[Int.random(in: 0..<structural.count, using: &random)]
            }
        }
        return bytes
    }
}
