package import Quotes
package import Trading

/// What the desk wants done.
package enum FeedAction: Equatable, Sendable {
    /// Open the socket of a kind.
    case connect(QuoteKind)
    /// Close it; `socketClosed` follows.
    case close(QuoteKind)
    /// Send a control message on it.
    case send(QuoteKind, [UInt8])
    /// Ask the venue for its instruments.
    case loadInstruments
    /// Write an instrument's record.
    case storeInstrument(Instrument)
    /// Publish the tick of a slot.
    case publish(Int)
    /// Write the price record of a slot.
    case store(Int)
    /// Tell a person.
    case note(FeedNote)
}

/// Something worth a line in the log.
package struct FeedNote: Equatable, Sendable {
    package enum Event: String, Sendable {
        case connected = "stream connected"
        case disconnected = "stream disconnected"
        case resubscribed = "stale stream resubscribed"
        case replaced = "stale socket replaced"
        case renewed = "socket renewed before its time is up"
        case controlRefused = "control message refused"
        case symbolUnknown = "symbol wanted that the venue does not list"
        case symbolLimit = "too many symbols wanted"
        case instrumentSkipped = "instrument not understood"
        case instrumentsLoaded = "instruments loaded"
        case instrumentsFailed = "instruments not loaded"
    }

    package var event: Event
    /// A symbol or the kind of a stream; empty where it concerns neither.
    package var subject: String
    package var detail: String

    package init(_ event: Event, _ subject: String = "", _ detail: String = "") {
        self.event = event
        self.subject = subject
        self.detail = detail
    }

    /// Whether it is a thing to look at.
    package var isWarning: Bool {
        switch event {
        case .connected, .renewed, .instrumentsLoaded: false
        case .disconnected, .resubscribed, .replaced, .controlRefused, .symbolUnknown, .symbolLimit,
            .instrumentSkipped, .instrumentsFailed:
            true
        }
    }
}

/// What became of one frame.
package enum FrameEffect: Equatable, Sendable {
    /// The quote of a slot has changed: publish its tick and write its record now, where said so;
    /// what is not said now follows from `popPublish` and `popStore`.
    case changed(slot: Int, publish: Bool, store: Bool)
    /// No frame of this kind: perhaps a control answer.
    case other
    /// Dropped and counted.
    case refused(FeedRefusal)
}

/// Why a frame was dropped.
package enum FeedRefusal: Hashable, Sendable, CaseIterable {
    case malformed
    case badField
    case unknownSymbol
    case notPositive
    case crossed
    case absurd
    case timeBack

    package init(_ refusal: QuoteRefusal) {
        switch refusal {
        case .unknownSymbol: self = .unknownSymbol
        case .notPositive: self = .notPositive
        case .crossed: self = .crossed
        case .absurd: self = .absurd
        case .timeBack: self = .timeBack
        }
    }

    /// The reason as a metric label.
    package var label: String {
        switch self {
        case .malformed: "malformed"
        case .badField: "bad_field"
        case .unknownSymbol: "unknown_symbol"
        case .notPositive: "not_positive"
        case .crossed: "crossed"
        case .absurd: "absurd"
        case .timeBack: "time_back"
        }
    }

    var index: Int {
        switch self {
        case .malformed: 0
        case .badField: 1
        case .unknownSymbol: 2
        case .notPositive: 3
        case .crossed: 4
        case .absurd: 5
        case .timeBack: 6
        }
    }
}
