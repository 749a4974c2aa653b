import ExchangeDoor
import ExchangeFuzz
import Testing

@Suite("Any bytes at the door") struct FuzzTests {
    @Test("I1 I2 I3 mutated requests neither crash an exchange nor change it unless accepted")
    func mutated() {
        let flavours = FuzzFlavour.all()
        for flavour in flavours {
            var fuzz = ExchangeFuzz(
                flavour.exchange, key: FuzzFlavour.key, corpus: flavour.corpus, seed: 3)
            let report = fuzz.run(50_000 / flavours.count)
            #expect(report.violations.isEmpty, "\(flavour.exchange.name), seed 3: \(report.text)")
            #expect(report.accepted > 500 && report.refused > 5_000, "\(report.text)")
        }
    }
}
