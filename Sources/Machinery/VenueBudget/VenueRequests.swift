package import Chronology
package import VenueProtocol
package import WebLink

/// Makes the web requests of an account's calls to its venue: base and headers are read once.
package struct VenueRequests: Sendable {
    private let base: WebBase
    private let signer: RequestSigner
    /// By kind.
    private let headers: [WebHeaders]

    /// - Parameter base: where the venue's paths begin, as `https://fapi.binance.com`.
    package init(base: String, signer: RequestSigner) {
        self.base = WebBase(base)
        self.signer = signer
        headers = HeaderKind.allCases.map {
            WebHeaders(signer.headers($0).map { ($0.name, $0.value) })
        }
    }

    /// The signed request of a call, stamped with the venue's time in milliseconds.
    package func request(
        _ call: VenueRequest, timestamp: Int64, deadline: Interval
    ) -> WebRequest {
        let signed = signer.prepare(call, timestamp: timestamp)
        return WebRequest(
            method: signed.method.rawValue, base: base, target: signed.target,
            headers: headers[signed.headers.rawValue], body: signed.body, deadline: deadline,
            isIdempotent: call.isIdempotent)
    }
}
