/// A key with which the account is reached, and what it may do.
package struct ExchangeKey: Equatable, Sendable {
    package enum Role: Equatable, Sendable { case trade, read }
    package let key: String
    package let secret: String
    package let role: Role

    package init(key: String, secret: String, role: Role) {
        self.key = key
        self.secret = secret
        self.role = role
    }
}
