import CommandLineService
import Testing

@Suite struct CommandTableTests {
    private func failure(_ line: String) -> CommandFailure? {
        if case .failure(let failure) = CommandTable.parse(
            line.split(separator: " ").map(String.init))
        {
            return failure
        }
        return nil
    }

    private func invocation(_ line: String) -> Invocation? {
        if case .run(let invocation) = CommandTable.parse(
            line.split(separator: " ").map(String.init))
        {
            return invocation
        }
        return nil
    }

    @Test("The longest name wins, and the rest are its arguments")
    func names() {
        #expect(invocation("order place BTCUSDT buy 1")?.command.name == "order place")
        #expect(invocation("orders")?.command.name == "orders")
        #expect(invocation("config check")?.command.name == "config check")
        let place = invocation(
            "order place BTCUSDT sell 0.5 --limit 60000 --tif=GTX --reduce-only --json")
        #expect(place?.arguments.positional == ["BTCUSDT", "sell", "0.5"])
        #expect(place?.arguments.value("--limit") == "60000")
        #expect(place?.arguments.value("--tif") == "GTX")
        #expect(place?.arguments.has("--reduce-only") == true)
        #expect(place?.arguments.has("--json") == true)
    }

    @Test("A negative number is an argument, not an option")
    func negative() {
        #expect(invocation("account deposit demo -100")?.arguments.positional == ["demo", "-100"])
        #expect(invocation("account deposit demo -.5")?.arguments.positional == ["demo", "-.5"])
    }

    @Test(
        "A usage error says what was wrong and the right form, and exits 2",
        arguments: [
            ("order place BTCUSDT buy", "an argument is missing"),
            ("order place BTCUSDT buy 1 2", "one argument too many: 2"),
            (
                "order place BTCUSDT buy 1 --limt 3",
                "unknown option: --limt (did you mean --limit?)"
            ),
            ("order place BTCUSDT buy 1 --limit", "--limit needs a value"),
            ("order place BTCUSDT buy 1 --limit 1 --limit 2", "--limit is given twice"),
            ("orders --json=1", "--json takes no value"),
        ])
    func usage(line: String, problem: String) {
        let failure = failure(line)
        #expect(failure?.code == 2)
        #expect(
            failure?.message.hasPrefix(problem + "\nusage: pms ") == true,
            "\(failure?.message ?? "")")
    }

    @Test("An unknown command names the nearest, an incomplete one its family")
    func unknown() {
        #expect(failure("ordrs")?.message.contains("did you mean orders?") == true)
        #expect(failure("order")?.message.contains("pms order cancel ID") == true)
        #expect(
            failure("account remove x")?.message.hasPrefix("unknown command: account remove")
                == true)
        #expect(failure("")?.code == 2)
    }

    @Test("Every command has a form that begins with its name, and its help shows it")
    func forms() {
        for command in CommandTable.all {
            #expect(command.form.hasPrefix(command.name))
            let words = command.name.split(separator: " ").map(String.init)
            guard case .print(let text) = CommandTable.parse(words + ["--help"]) else {
                Issue.record("\(command.name) --help prints")
                continue
            }
            #expect(text.contains(command.form))
            #expect(CommandTable.overview.contains(command.form))
        }
    }
}
