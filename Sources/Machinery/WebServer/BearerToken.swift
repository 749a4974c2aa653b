/// What `Authorization: Bearer` must carry.
package enum BearerToken {
    /// Whether a header carries the token; takes a time that does not tell how much of it is right.
    package static func matches(_ header: String?, _ token: [UInt8]) -> Bool {
        let prefix = "Bearer "
        guard let header, header.hasPrefix(prefix) else { return false }
        let given = Array(header.utf8.dropFirst(prefix.utf8.count))
        guard given.count == token.count else { return false }
        return zip(given, token).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
