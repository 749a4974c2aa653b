package import BusProtocol
package import Trading

/// What is written down on this host because Redis is away, to be saved there when it is back (B7c).
package enum JournalEntry: Equatable, Sendable {
    /// An order that only reduces, before its bytes leave.
    case intent(OrderRecord)
    /// A stricter trading state, of the venue where no account is named.
    case state(StateRecord, AccountID?)

    /// By which it is told from others; a newer entry of a key replaces an older one.
    package var key: String {
        switch self {
        case .intent(let record): record.intent.clientOrderID.text
        case .state(_, let account): JournalEntry.key(ofState: account)
        }
    }

    /// The key of an account's state; of the venue's where there is no account.
    package static func key(ofState account: AccountID?) -> String {
        account.map { "state:\($0.name)" } ?? "state"
    }
}
