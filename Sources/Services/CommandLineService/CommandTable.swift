import Runtime

/// All commands of `pms`, and the reading of its arguments.
package enum CommandTable {
    /// What the arguments ask for.
    package enum Parsed: Sendable {
        case run(Invocation)
        case print(String)
        case failure(CommandFailure)
    }

    package static let all: [Subcommand] = common + AlgoCommands.starts

    private static let common: [Subcommand] = [
        Subcommand(
            "up [--only A,B] [--redis FILE]",
            "run the stack: start, watch and restart its processes, and a Redis set up by FILE",
            options: ["--only", "--redis"], needsConfiguration: false, run: UpCommand.run),
        Subcommand(
            "health [SERVICE]", "whether processes on this host are ready (for health checks)",
            positional: 0...1, isReading: true, run: HealthCommand.run),
        Subcommand(
            "status [--watch]", "processes, prices, positions, risk and open orders on one page",
            flags: ["--watch"], isReading: true, run: StatusCommand.run),
        Subcommand(
            "account create NAME [--deposit X]", "make a book, with money in it",
            positional: 1...1, options: ["--deposit", "--timeout"], isReading: true,
            run: AccountCommands.create),
        Subcommand(
            "account list", "all books with their money", isReading: true, run: AccountCommands.list
        ),
        Subcommand(
            "account show NAME", "one book: its record, money and positions", positional: 1...1,
            isReading: true, run: AccountCommands.show),
        Subcommand(
            "account deposit NAME X", "add money to a book; a negative amount takes it out",
            positional: 2...2, options: ["--request-id", "--timeout"], isReading: true,
            run: AccountCommands.deposit),
        Subcommand(
            "account transfer FROM TO X", "move money from one book to another",
            positional: 3...3, options: ["--request-id", "--timeout"], isReading: true,
            run: AccountCommands.transfer),
        Subcommand(
            "reconcile [--dry-run] [--timeout S]",
            "compare the books with the exchange now, and say what is done about what differs; "
                + "with --dry-run nothing is",
            options: ["--timeout"], flags: ["--dry-run"], isReading: true,
            run: ReconcileCommand.run),
        Subcommand(
            "order place SYM buy|sell QTY [--limit P] [--tif GTC|IOC|FOK|GTX] [--account A] "
                + "[--reduce-only] [--fast-ack] [--ttl S] [--owner LEASE:NUMBER] "
                + "[--request-id ID] [--wait] [--timeout S]",
            "send an order: market without --limit, answered with an estimate with --fast-ack; what "
                + "rests of it is cancelled S seconds later with --ttl, and with --owner once "
                + "lock:LEASE is gone or fence:LEASE is another number",
            positional: 3...3,
            options: [
                "--limit", "--tif", "--account", "--ttl", "--owner", "--request-id", "--timeout",
            ],
            flags: ["--reduce-only", "--fast-ack", "--wait"], isReading: true,
            run: OrderCommands.place),
        Subcommand(
            "order amend ID [--qty Q] [--limit P] [--request-id ID] [--timeout S]",
            "change an order's whole size or price; cancels and places the rest anew where the "
                + "exchange cannot",
            positional: 1...1, options: ["--qty", "--limit", "--request-id", "--timeout"],
            isReading: true, run: OrderCommands.amend),
        Subcommand(
            "order cancel ID [--timeout S]", "cancel an order by its client or request id",
            positional: 1...1, options: ["--timeout"], isReading: true, run: OrderCommands.cancel),
        Subcommand(
            "order show ID", "one order by its client or request id", positional: 1...1,
            isReading: true, run: OrderCommands.show),
        Subcommand("orders", "open orders", isReading: true, run: OrderCommands.list),
        Subcommand(
            "algos [--watch]", "running algorithms with their progress", flags: ["--watch"],
            isReading: true, run: AlgoCommands.list),
        Subcommand(
            "algo show ID", "one algorithm: its progress, its layers, and why it waits",
            positional: 1...1, isReading: true, run: AlgoCommands.show),
        Subcommand(
            "algo stop ID [--flatten] [--timeout S]",
            "take back what rests and end; --flatten closes what was filled, too",
            positional: 1...1, options: ["--timeout"], flags: ["--flatten"], isReading: true,
            run: AlgoCommands.stop),
        Subcommand(
            "algo pause ID [--timeout S]", "take back what rests and wait", positional: 1...1,
            options: ["--timeout"], isReading: true, run: AlgoCommands.pause),
        Subcommand(
            "algo resume ID [--timeout S]", "go on after a pause", positional: 1...1,
            options: ["--timeout"], isReading: true, run: AlgoCommands.resume),
        Subcommand(
            "allocate [--dry-run] [--watch] [--request-id ID] [--timeout S]",
            "balance the spot account's two assets now, and show the run's result; --dry-run shows "
                + "what would be ordered, --watch tells of each slice",
            options: ["--request-id", "--timeout"], flags: ["--dry-run", "--watch"],
            isReading: true, run: AllocationCommands.allocate),
        Subcommand(
            "allocations [--slices] [--limit N]", "the allocator's last runs, or their slices",
            options: ["--limit"], flags: ["--slices"], isReading: true,
            run: AllocationCommands.list),
        Subcommand(
            "positions", "what every book holds", isReading: true, run: ReadingCommands.positions),
        Subcommand(
            "risk [ACCOUNT]", "margin, equity and liquidation prices", positional: 0...1,
            isReading: true, run: ReadingCommands.risk),
        Subcommand(
            "why ACCOUNT:SYM|ORDER",
            "what led to a position or an order: decision, request, order, trades",
            positional: 1...1, isReading: true, run: WhyCommand.run),
        Subcommand(
            "ledger verify", "rebuild every book from the journal and compare it with its record",
            isReading: true, run: LedgerCommands.verify),
        Subcommand(
            "price SYM", "the last price; asks price-feed to watch the symbol for a minute",
            positional: 1...1, isReading: true, run: ReadingCommands.price),
        Subcommand(
            "tail", "ledger, orders and alerts as they come, until Ctrl-C", isReading: true,
            run: TailCommand.run),
        Subcommand(
            "halt [--account A] [--why TEXT]", "only cancels from now on",
            options: ["--account", "--why", "--timeout"], run: StateCommands.halt),
        Subcommand(
            "reduce [--account A] [--why TEXT]", "only orders that reduce from now on",
            options: ["--account", "--why", "--timeout"], run: StateCommands.reduce),
        Subcommand(
            "resume [--account A] [--why TEXT]", "back to normal trading",
            options: ["--account", "--why", "--timeout"], run: StateCommands.resume),
        Subcommand(
            "keys [NAME]", "every Redis key and channel: type, lifetime, writer; of one its fields, too",
            positional: 0...1, isReading: true, run: KeysCommand.run),
        Subcommand(
            "doctor", "look for what is wrong: Redis, persistence, venue, processes",
            isReading: true, run: DoctorCommand.run),
        Subcommand(
            "paper faults [list|kinds|add KIND NAME=VALUE…|clear ID]",
            "what breaks on the paper exchange on request: add delay ms=500 count=3 "
                + "target.path=/fapi/v1/order",
            positional: 0...40, isReading: true, run: PaperCommands.faults),
        Subcommand(
            "paper truth [--exchange E] [--part P]",
            "what the paper exchange knows: orders, trades, positions, balances, arrivals",
            options: ["--exchange", "--part"], isReading: true, run: PaperCommands.truth),
        Subcommand(
            "paper trade SYM buy|sell QTY [--price P] [--stranger] [--exchange E]",
            "a trade by hand on the paper account, or an order of a stranger", positional: 3...3,
            options: ["--price", "--exchange"], flags: ["--stranger"], run: PaperCommands.trade),
        Subcommand(
            "paper move SYM PERCENT [--seconds S] [--exchange E]",
            "move a price on the paper exchange: move BTCUSDT -30 --seconds 5",
            positional: 2...2, options: ["--seconds", "--exchange"], run: PaperCommands.move),
        Subcommand(
            "config check", "whether the configuration is valid", needsConfiguration: false,
            run: ConfigCommands.check),
        Subcommand(
            "config show", "every variable: its value, where from, what it means",
            isReading: true, needsConfiguration: false, run: ConfigCommands.show),
    ]

    /// Finds the command the arguments begin with, the longest name first.
    package static func parse(_ arguments: [String]) -> Parsed {
        guard let first = arguments.first else {
            return .failure(CommandFailure(.usage, "no command given\n\n" + overview))
        }
        switch first {
        case "--help", "-h", "help": return .print(overview)
        case "--version": return .print("pms \(Build.version)\n")
        case _: break
        }
        let longest = (1...3).reversed().compactMap { count in
            let words = arguments.prefix(count).joined(separator: " ")
            return all.first { $0.name == words }
        }.first
        guard let command = longest else { return .failure(unknown(arguments)) }
        let length = command.name.split(separator: " ").count
        let rest = Array(arguments.dropFirst(length))
        if rest.contains("--help") { return .print(help(command)) }
        do throws(CommandFailure) {
            return .run(
                Invocation(command: command, arguments: try Arguments(rest, for: command)))
        } catch {
            return .failure(error)
        }
    }

    private static func unknown(_ arguments: [String]) -> CommandFailure {
        let first = arguments[0]
        let family = all.filter { $0.name.hasPrefix(first + " ") }
        if !family.isEmpty {
            let forms = family.map { "  pms \($0.form)\n" }.joined()
            let problem =
                arguments.count > 1 ? "unknown command: \(first) \(arguments[1])" : "\(first) what?"
            return CommandFailure(.usage, "\(problem)\nusage:\n\(forms)")
        }
        let names = all.map { String($0.name.prefix { $0 != " " }) }
        let hint = EditDistanceHint.text(first, among: names)
        return CommandFailure(.usage, "unknown command: \(first)\(hint); see pms --help")
    }

    private static func help(_ command: Subcommand) -> String {
        "usage: pms \(command.form)\n  \(command.summary)\n\(command.details)"
    }

    /// The text of `pms --help`.
    package static var overview: String {
        var text = "pms \(Build.version): the command line of the stack\n\ncommands:\n"
        for command in all { text += "  pms \(command.form)\n      \(command.summary)\n" }
        return text + """

            Configuration comes from the environment: pms config show.
            exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not running, 5 configuration,
            6 timeout, 7 refused (risk, halt), 8 outcome unknown

            """
    }
}
