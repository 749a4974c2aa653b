internal import Bytes

/// A venue key pair; its description shows neither half.
package struct VenueCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let key: String
    fileprivate let secret: String

    /// Nil where either half is empty or holds a byte that a header cannot carry.
    package init?(key: String, secret: String) {
        let isPrintable = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        guard isPrintable(key), isPrintable(secret) else { return nil }
        self.key = key
        self.secret = secret
    }

    package var description: String { "credentials(redacted)" }
    package var debugDescription: String { description }
}

/// Which headers a request has; all requests of a kind have the same.
package enum HeaderKind: Int, CaseIterable, Sendable {
    case none, form, key, keyAndForm, keyAndJSON
}

/// A request in the bytes that are sent; its description leaves out key, parameters and signature.
package struct SignedRequest: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let method: VenueRequest.Method
    /// Path and query, to be appended to the venue's base.
    package let target: String
    package let headers: HeaderKind
    /// A form body for POST and PUT; empty otherwise.
    package let body: [UInt8]
    fileprivate let path: String

    package var description: String { "\(method.rawValue) \(path)" }
    package var debugDescription: String { description }
}

/// Turns requests into signed bytes: HMAC-SHA256 over query ‖ body, lower-case hex, as last pair.
///
/// Parameters of GET and DELETE travel in the query string, those of POST and PUT in a form body.
/// Source: Binance general-info; the same scheme serves Binance Spot and MEXC under another header.
package struct RequestSigner: Sendable {
    private let key: String
    /// The key, for messages that carry it.
    var keyText: String { key }
    private let code: HMACSHA256
    private let header: String
    private let isQueryOnly: Bool
    /// How old a request may be when the venue reads it, in milliseconds; venues take at most 60000.
    package let receiveWindowMilliseconds: Int64

    /// - Parameter venue: decides the key's header and where parameters travel: MEXC takes those of
    ///   every method in the query string.
    package init(
        _ credentials: VenueCredentials, venue: VenueKind = .binanceFutures,
        receiveWindowMilliseconds: Int64 = 5000
    ) {
        precondition((1...60_000).contains(receiveWindowMilliseconds), "recvWindow is 1...60000 ms")
        key = credentials.key
        code = HMACSHA256(key: Array(credentials.secret.utf8))
        header = venue.keyHeader
        isQueryOnly = venue == .mexcSpot
        self.receiveWindowMilliseconds = receiveWindowMilliseconds
    }

    /// The bytes of a request, stamped with the venue's time (see `VenueClock`) where it is signed.
    package func prepare(_ request: VenueRequest, timestamp: Int64) -> SignedRequest {
        var pairs = ByteWriter(capacity: 384)
        PercentEncoding.write(request.parameters, into: &pairs)
        switch request.security {
        case .none: return RequestSigner.assemble(request, pairs.rawSpan, hasKey: false)
        case .key:
            return RequestSigner.assemble(
                request, pairs.rawSpan, hasKey: true, isQueryOnly: isQueryOnly)
        case .signed:
            if !pairs.isEmpty { pairs.append("&" as StaticString) }
            pairs.append("recvWindow=" as StaticString)
            pairs.append(integer: receiveWindowMilliseconds)
            pairs.append("&timestamp=" as StaticString)
            pairs.append(integer: timestamp)
            let signature = code.code(of: pairs.rawSpan)
            pairs.append("&signature=" as StaticString)
            signature.writeHex(into: &pairs)
            return RequestSigner.assemble(
                request, pairs.rawSpan, hasKey: true, isQueryOnly: isQueryOnly)
        }
    }

    /// The bytes of a request that needs no key.
    package static func prepareOpen(_ request: VenueRequest) -> SignedRequest {
        precondition(request.security == .none, "an open request asks for no key")
        return assemble(request, form(request.parameters).rawSpan, hasKey: false)
    }

    /// The headers of all requests of a kind; those with the key are not to be logged.
    package func headers(_ kind: HeaderKind) -> [(name: String, value: String)] {
        let form = (name: "Content-Type", value: "application/x-www-form-urlencoded")
        let json = (name: "Content-Type", value: "application/json")
        let key = (name: header, value: key)
        return switch kind {
        case .none: []
        case .form: [form]
        case .key: [key]
        case .keyAndForm: [key, form]
        case .keyAndJSON: [key, json]
        }
    }

    /// The message that subscribes to an account's news on Binance spot's WebSocket API
    /// (`userDataStream.subscribe.signature`); it holds the key, so it is not to be logged.
    package func userStreamSubscription(id: Int64, timestamp: Int64) -> [UInt8] {
        // Signed are the parameters in the order of their names.
        let parameters: [VenueRequest.Parameter] = [
            .init("apiKey", key), .init("recvWindow", String(receiveWindowMilliseconds)),
            .init("timestamp", String(timestamp)),
        ]
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.field("id", id)
        writer.field("method", "userDataStream.subscribe.signature")
        writer.key("params")
        writer.beginObject()
        writer.field("apiKey", key)
        writer.field("recvWindow", receiveWindowMilliseconds)
        writer.field("timestamp", timestamp)
        writer.field("signature", sign(RequestSigner.form(parameters)))
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The signature of raw bytes, in lower-case hex.
    package func sign(_ payload: [UInt8]) -> String {
        code.hexSignature(query: payload.rawSpan, body: RawSpan())
    }

    static func form(_ parameters: [VenueRequest.Parameter]) -> [UInt8] {
        var writer = ByteWriter()
        PercentEncoding.write(parameters, into: &writer)
        return [UInt8](writer.rawSpan)
    }

    private static func assemble(
        _ request: VenueRequest, _ pairs: RawSpan, hasKey: Bool, isQueryOnly: Bool = false
    ) -> SignedRequest {
        switch request.method {
        case .post where isQueryOnly, .put where isQueryOnly, .get, .delete:
            let target =
                pairs.byteCount == 0 ? request.path : "\(request.path)?\(String(pairs))"
            let headers: HeaderKind = hasKey ? isQueryOnly ? .keyAndJSON : .key : .none
            return SignedRequest(
                method: request.method, target: target, headers: headers, body: [],
                path: request.path)
        case .post, .put:
            return SignedRequest(
                method: request.method, target: request.path,
                headers: hasKey ? .keyAndForm : .form, body: [UInt8](pairs), path: request.path)
        }
    }
}
