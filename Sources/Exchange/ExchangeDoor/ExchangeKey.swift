/// A key with which an account is reached, and what it may do.
package struct ExchangeKey: Equatable, Sendable {
    package enum Role: Equatable, Sendable { case trade, read }

    /// The account of keys that name none.
    package static let mainAccount = "main"

    package let key: String
    package let secret: String
    package let role: Role
    /// Keys of one name reach one account.
    package let account: String

    package init(
        key: String, secret: String, role: Role, account: String = ExchangeKey.mainAccount
    ) {
        self.key = key
        self.secret = secret
        self.role = role
        self.account = account
    }
}
