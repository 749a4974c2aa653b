package import Trading

/// What the desk wants done.
package enum FeedAction: Equatable, Sendable {
    /// Open the socket of a number, for streams of a kind.
    case connect(Int, FeedKind)
    /// A connection has ended, or never came to be: all processes are to know.
    case attemptFailed
    /// Close it; `socketClosed` follows.
    case close(Int)
    /// Send a control message on it.
    case send(Int, [UInt8])
    /// Ask for prices or books by REST; `bookAnswered`, `markAnswered` or `depthAnswered` follows for
    /// each that comes, `depthFailed` for a book that does not.
    case ask(FeedKind, [Symbol])
    /// Ask the venue for its instruments.
    case loadInstruments
    /// Write an instrument's record.
    case storeInstrument(Instrument)
    /// Publish the tick of a slot.
    case publish(Int)
    /// Write the price record of a slot.
    case store(Int)
    /// Publish the best levels of a slot's book, and write them to their key.
    case publishDepth(Int)
    case storeDepth(Int)
    /// Tell a person.
    case note(FeedNote)
    /// Tell a person at once, over the alert channel.
    case alert(FeedAlert)
}

/// Something a person should see at once.
package struct FeedAlert: Equatable, Sendable {
    /// Stable: `feed.dropping`.
    package var code: String
    package var text: String
    /// A symbol or the kind of a stream.
    package var subject: String

    package init(_ code: String, _ text: String, _ subject: String) {
        self.code = code
        self.text = text
        self.subject = subject
    }
}

/// Something worth a line in the log.
package struct FeedNote: Equatable, Sendable {
    package enum Event: String, Sendable, CaseIterable {
        case connected = "stream connected"
        case disconnected = "stream disconnected"
        case resubscribed = "stale stream resubscribed"
        case moved = "stale stream moved to another socket"
        case replaced = "stale socket replaced"
        case asked = "stale stream's price asked for by REST"
        case recovered = "stale stream speaks again"
        case quiet = "stream is quiet: REST confirms its price"
        case renewing = "socket being renewed before its time is up"
        case renewed = "socket renewed"
        case controlRefused = "control message refused"
        case symbolUnknown = "symbol wanted that the venue does not list"
        case symbolLimit = "too many symbols wanted"
        case instrumentSkipped = "instrument not understood"
        case instrumentsLoaded = "instruments loaded"
        case instrumentsFailed = "instruments not loaded"
        case membersChanged = "feeds that share the symbols"
        case bookResynced = "book taken from a new snapshot"
        case bookSnapshotFailed = "book without a snapshot"
        case timesRestarted = "only older frames come: their times begin anew"
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
        case .connected, .recovered, .quiet, .renewing, .renewed, .instrumentsLoaded,
            .membersChanged:
            false
        case .disconnected, .resubscribed, .moved, .replaced, .asked, .controlRefused,
            .symbolUnknown, .symbolLimit, .instrumentSkipped, .instrumentsFailed,
            .timesRestarted, .bookSnapshotFailed, .bookResynced:
            true
        }
    }
}

/// What became of one frame.
package enum FrameEffect: Equatable, Sendable {
    /// The quote of a slot has changed: publish its tick and write its record now, where said so;
    /// what is not said now follows from `popPublish` and `popStore`.
    case changed(slot: Int, publish: Bool, store: Bool)
    /// The same of a slot's best levels, by `popDepthPublish` and `popDepthStore`.
    case levels(slot: Int, publish: Bool, store: Bool)
    /// A change of a book that waits for its snapshot; news where one has to be asked for.
    case waiting(slot: Int, isNews: Bool)
    /// What the slot holds already.
    case duplicate(slot: Int)
    /// No frame of this kind: perhaps a control answer.
    case other
    /// Dropped and counted.
    case refused(FeedRefusal)
}

/// Why a frame was dropped.
package enum FeedRefusal: Int, Hashable, Sendable, CaseIterable {
    case malformed
    case badField
    case unknownSymbol
    case notPositive
    case crossed
    case absurd
    case timeBack
    /// More than a frame or a message may hold; the connection ended with it.
    case oversized
    /// Text that is no UTF-8; the connection ended with it.
    case notText

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
        case .oversized: "oversized"
        case .notText: "not_utf8"
        }
    }
}
