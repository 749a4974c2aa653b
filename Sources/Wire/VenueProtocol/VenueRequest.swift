/// One REST call to a venue as a value, before it is signed.
package struct VenueRequest: Equatable, Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What the venue wants to see with a call.
    package enum Security: Sendable {
        /// Nothing.
        case none
        /// The key in a header, no signature (listen keys).
        case key
        /// The key, a timestamp and a signature.
        case signed
    }

    /// What a call does to orders, which decides what a lost answer means.
    package enum Effect: Sendable {
        /// Reads only: may be asked again.
        case query
        /// Opens or keeps a session: repeating it is harmless.
        case session
        /// Places or changes an order: never repeated blindly.
        case placement
        /// Cancels an order.
        case cancellation
    }

    /// One parameter, values not yet percent-encoded.
    package struct Parameter: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let method: Method
    /// The path below the venue's base, with its leading slash.
    package let path: String
    /// In the order in which they are sent.
    package let parameters: [Parameter]
    package let security: Security
    package let effect: Effect
    /// What the call costs of the IP's request weight.
    package let weight: Int
    /// How many orders the call counts as in the account's order limits.
    package let orderCount: Int

    package init(
        _ method: Method, _ path: String, _ parameters: [Parameter] = [],
        security: Security = .none, effect: Effect = .query, weight: Int, orderCount: Int = 0
    ) {
        self.method = method
        self.path = path
        self.parameters = parameters
        self.security = security
        self.effect = effect
        self.weight = weight
        self.orderCount = orderCount
    }

    /// Whether the call places or cancels an order, so that its outcome can be unknown.
    package var isOrder: Bool {
        switch effect {
        case .placement, .cancellation: true
        case .query, .session: false
        }
    }

    /// Whether sending the call twice changes nothing more than sending it once.
    package var isIdempotent: Bool { effect != .placement }

    /// The value of a parameter, or nil where the request has none of that name.
    package func value(of name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }
}
