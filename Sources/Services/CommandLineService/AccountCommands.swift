import BusProtocol
import Reactor
import Runtime
import Trading

/// `pms account …`: the books and their money.
enum AccountCommands {
    @LoopActor static func create(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let account = try arguments.account(arguments.positional[0])
        let deposit = try amount(arguments, arguments.value("--deposit") ?? "0", "--deposit")
        // The name makes the request: made twice, a book is opened and paid into once.
        let request = BusRequest(
            session, .accountCreate, id: "account-create-\(account)",
            seconds: try arguments.seconds("--timeout", 5), silence: .timeout,
            body: AccountBody(account: account, deposit: deposit).body)
        try await report(session, account, try await request.run())
    }

    @LoopActor static func deposit(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let account = try arguments.account(arguments.positional[0])
        let deposit = try amount(arguments, arguments.positional[1], "the amount")
        guard !deposit.isZero else { throw arguments.usage("the amount is zero") }
        let request = BusRequest(
            session, .accountDeposit, id: arguments.value("--request-id") ?? session.requestID,
            seconds: try arguments.seconds("--timeout", 5), silence: .unknown,
            body: AccountBody(account: account, deposit: deposit).body)
        try await report(session, account, try await request.run())
    }

    @LoopActor static func transfer(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let from = try arguments.account(arguments.positional[0])
        let to = try arguments.account(arguments.positional[1])
        let amount = try amount(arguments, arguments.positional[2], "the amount")
        guard amount.isPositive else { throw arguments.usage("the amount is not above zero") }
        let request = BusRequest(
            session, .accountTransfer, id: arguments.value("--request-id") ?? session.requestID,
            seconds: try arguments.seconds("--timeout", 20), silence: .unknown,
            body: TransferBody(from: from, to: to, amount: amount).body, to: .positionSync)
        let reply = try await request.run()
        session.show(["from", "to", "amount"].map { ($0, reply.body[$0] ?? "") })
    }

    private static func amount(
        _ arguments: Arguments, _ text: String, _ what: String
    ) throws(CommandFailure) -> Money {
        try arguments.decimal(text, what, as: Money.self)
    }

    @LoopActor private static func report(
        _ session: Session, _ account: AccountID, _ reply: Reply
    ) async throws(CommandFailure) {
        guard let found = try await Books.account(session, account) else {
            return session.show(reply.body.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
        session.show(found)
    }

    @LoopActor static func list(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        var table = TextTable([
            "ACCOUNT", "CODE", "STATUS", "STATE", "WALLET", "DEPOSITS", "REALISED", "FEES",
        ])
        var records: [[(String, String)]] = []
        for name in try await session.members(session.keys.accounts) {
            guard let account = AccountID(name),
                let fields = try await Books.account(session, account)
            else { continue }
            records.append(fields)
            table.append(
                ["name", "code", "status", "state", "wallet", "deposits", "realised", "fees"].map {
                    name in fields.first { $0.0 == name }?.1 ?? ""
                })
        }
        session.show(records, empty: "no accounts: make one with pms account create NAME") { table }
    }

    @LoopActor static func show(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let account = try arguments.account(arguments.positional[0])
        guard let fields = try await Books.account(session, account) else {
            throw CommandFailure(.notFound, "no account \(account)")
        }
        session.show(fields)
        guard !session.isJSON else { return }
        let positions = try await Books.positions(session).filter { $0.account == account }
        if positions.isEmpty { return }
        session.print("\n" + Books.table(positions, now: session.nowMilliseconds).text)
    }
}
