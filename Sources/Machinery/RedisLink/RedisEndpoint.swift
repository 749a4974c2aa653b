/// Where a Redis server is and how to log in: `redis://[user:pass@]host[:port][/db]`,
/// `unix://[user:pass@]/path[?db=n]`. User and password may be percent-encoded.
package struct RedisEndpoint: Sendable, Equatable, CustomStringConvertible {
    package enum Address: Sendable, Equatable {
        case host(String, port: UInt16)
        case path(String)
    }

    package let address: Address
    package let user: String?
    package let password: String?
    package let database: Int

    /// Throws `.endpoint` with what is wrong; the message never holds the password.
    package init(url: String) throws(RedisLinkError) {
        let isUnix = url.hasPrefix("unix://")
        guard isUnix || url.hasPrefix("redis://") else {
            throw Self.error("redis url must begin with redis:// or unix://")
        }
        var rest = Substring(url.dropFirst(isUnix ? 7 : 8))
        var login: Substring?
        // The path of a socket may hold an @ itself: a login ends before the first slash.
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            login = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        (user, password) = try Self.parse(login: login)
        if isUnix {
            let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            guard let path = parts.first, path.hasPrefix("/"), path.utf8.count <= 107 else {
                throw Self.error("redis url: socket path must be absolute, at most 107 bytes")
            }
            address = .path(String(path))
            database = try Self.parse(query: parts.count > 1 ? parts[1] : nil)
        } else {
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            address = try Self.parse(hostPort: parts[0])
            database = try Self.parse(database: parts.count > 1 ? parts[1] : "")
        }
    }

    /// A server on a unix socket without login, database 0.
    package init(path: String) {
        (address, user, password, database) = (.path(path), nil, nil, 0)
    }

    /// The URL with the password replaced by `***`.
    package var description: String {
        let login = password == nil ? "" : "\(user ?? ""):***@"
        switch address {
        case .host(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "redis://\(login)\(name):\(port)/\(database)"
        case .path(let path):
            return "unix://\(login)\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }

    private static func error(_ message: String) -> RedisLinkError {
        RedisLinkError(.endpoint, message)
    }

    private static func parse(
        login: Substring?
    ) throws(RedisLinkError) -> (user: String?, password: String?) {
        guard let login else { return (nil, nil) }
        guard let colon = login.firstIndex(of: ":") else {
            throw error("redis url: the login must be user:password or :password")
        }
        guard let user = decode(login[..<colon]),
            let pass = decode(login[login.index(after: colon)...])
        else { throw error("redis url: the login is not valid percent-encoding") }
        guard !pass.isEmpty else { throw error("redis url: the password is empty") }
        return (user.isEmpty ? nil : user, pass)
    }

    private static func parse(hostPort text: Substring) throws(RedisLinkError) -> Address {
        var host = text
        var port: Substring = "6379"
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw error("redis url: [ without ] in the host")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw error("redis url: unexpected text after ]")
            }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains(where: { $0 == " " || $0 == "?" || $0 == "#" }) else {
            throw error("redis url: no valid host")
        }
        guard let number = UInt16(port), number > 0 else {
            throw error("redis url: port must be 1...65535")
        }
        return .host(String(host), port: number)
    }

    private static func parse(query: Substring?) throws(RedisLinkError) -> Int {
        guard let query else { return 0 }
        guard query.hasPrefix("db=") else {
            throw error("redis url: only ?db= may follow the path")
        }
        return try parse(database: query.dropFirst(3))
    }

    private static func parse(database text: Substring) throws(RedisLinkError) -> Int {
        if text.isEmpty { return 0 }
        guard let number = Int(text), (0...9_999).contains(number) else {
            throw error("redis url: database must be 0...9999")
        }
        return number
    }

    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
            else { return nil }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
