import Testing
import Trading

@Suite("One side of a trade")
struct TradeLegTests {
    @Test("its text names id and side, and is read back")
    func text() {
        for leg in [TradeLeg(550_954, .buy), TradeLeg(550_954, .sell), TradeLeg(0, .buy)] {
            #expect(TradeLeg.legs(in: leg.text) == [leg])
        }
        #expect(TradeLeg(550_954, .sell).text == "550954:SELL")
    }

    @Test("an id alone, as earlier versions wrote it, stands for both sides")
    func idAlone() {
        #expect(TradeLeg.legs(in: "7") == [TradeLeg(7, .buy), TradeLeg(7, .sell)])
    }

    @Test(
        "what is no trade stands for none",
        arguments: ["", "funding:9", "correction:7", "7:", "7:sell", "x:SELL", "7:SELL:1", ":SELL"])
    func others(text: String) {
        #expect(TradeLeg.legs(in: text).isEmpty)
    }

    @Test("they stand in the order of their ids, the buy first")
    func order() {
        let legs = [TradeLeg(1, .sell), TradeLeg(2, .buy), TradeLeg(2, .sell), TradeLeg(10, .buy)]
        #expect(legs.reversed().sorted() == legs)
    }
}
