import CommandLineService
import Testing

@Suite struct TextTableTests {
    @Test(
        "Columns align: text left, numbers right; an empty cell is a dash; no blanks at line ends")
    func alignment() {
        var table = TextTable(["SYMBOL", "QTY", "NOTE"])
        table.append(["BTCUSDT", "-0.01", ""])
        table.append(["X", "120", "long one"])
        #expect(
            table.text == """
                SYMBOL     QTY  NOTE
                BTCUSDT  -0.01  -
                X          120  long one

                """)
    }

    @Test(
        "Ages are told in the unit a person would use",
        arguments: [
            (0, "0.0 s"), (1_250, "1.2 s"), (12_000, "12 s"), (180_000, "3 min"),
            (18_000_000, "5 h"), (200_000_000, "2 d"), (-5_000, "0.0 s"),
        ] as [(Int64, String)])
    func ages(age: Int64, text: String) {
        let now: Int64 = 1_795_230_431_250
        #expect(Age.text(since: now - age, now: now) == text)
    }

    @Test("A time that is not known has no age")
    func noAge() {
        #expect(Age.text(since: 0, now: 1_795_230_431_250) == "-")
    }

    @Test("JSON keeps fields in their order and everything a string")
    func json() {
        let record = [("b", "1"), ("a", "x \"y\"")]
        #expect(JSONOutput.object(record) == #"{"b":"1","a":"x \"y\""}"# + "\n")
        #expect(JSONOutput.array([record, []]) == #"[{"b":"1","a":"x \"y\""},{}]"# + "\n")
        #expect(
            JSONOutput.page([("one", [[("k", "v")]]), ("two", [])])
                == #"{"one":[{"k":"v"}],"two":[]}"# + "\n")
    }
}
