import Bytes

// The archive of the ledger's journal: files of lines, each `<link> <JSON>`. A link is the SHA-256 of
// the link before and the JSON of its own line, in hexadecimal: a line that is changed, taken out or
// moved breaks the chain, and the last link, kept in Redis, tells a tail that was cut off.
// A file begins with a line that names the last link of the file before it; the first file of all
// names `ArchiveChain.start`.

/// The end of a chain that the next line is hung on.
package struct ArchiveChain: Equatable, Sendable {
    /// What the first line of all is hung on.
    package static let start = String(repeating: "0", count: 64)

    package private(set) var link: String

    package init(link: String = ArchiveChain.start) { self.link = link }

    /// The line that begins a file, whose first entry follows a number.
    package mutating func header(venue: VenueID, after last: Int64) -> [UInt8] {
        line([
            ("archive", "ledger"), ("venue", venue.name), ("previous", link), ("after", "\(last)"),
        ])
    }

    /// The line of one entry.
    package mutating func entry(_ entry: LedgerEntry) -> [UInt8] { line(entry.fields) }

    /// The line that says that entries were gone before they could be archived.
    package mutating func gap(from first: Int64, to last: Int64) -> [UInt8] {
        line([("gap", "\(first)"), ("to", "\(last)")])
    }

    /// The line that says that Redis lost what was archived behind a number, and gave the numbers
    /// behind it again.
    package mutating func loss(after kept: Int64, to last: Int64) -> [UInt8] {
        line([("lost", "\(kept + 1)"), ("to", "\(last)")])
    }

    private mutating func line(_ fields: [(String, String)]) -> [UInt8] {
        let json = FlatJSON.encode(fields)
        link = ArchiveChain.next(link, json)
        return Array(link.utf8) + [UInt8(ascii: " ")] + json + [UInt8(ascii: "\n")]
    }

    static func next(_ link: String, _ json: [UInt8]) -> String {
        Hex.text(SHA256.digest(Array(link.utf8) + json))
    }
}

/// What is wrong with a line of an archive.
package struct ArchiveProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Reads an archive line by line and checks its chain.
package struct ArchiveReader: Sendable {
    package enum Line: Equatable, Sendable {
        case header
        case entry(LedgerEntry)
        case gap(from: Int64, to: Int64)
        /// Numbers that Redis lost after they were archived: the entries are void, and what follows
        /// has the numbers again.
        case loss(from: Int64, to: Int64)
    }

    /// The last link; nil before the first line.
    package private(set) var link: String?
    /// The number of the last entry, or of the last that is gone.
    package private(set) var last: Int64 = 0

    package init() {}

    /// Takes the next line, without its end. The first must be a header; what it is hung on is
    /// believed, since files before it may have been put away.
    package mutating func lineRead(_ bytes: [UInt8]) throws(ArchiveProblem) -> Line {
        guard bytes.count > 66, bytes[64] == UInt8(ascii: " ") else {
            throw ArchiveProblem(description: "not a link and a JSON object")
        }
        let claimed = String(decoding: bytes[..<64], as: UTF8.self)
        let json = Array(bytes[65...])
        guard let fields = try? FlatJSON.decode(json.rawSpan) else {
            throw ArchiveProblem(description: "not a flat JSON object")
        }
        let previous = fields["archive"] == nil ? nil : fields["previous"]
        if let previous, let link, previous != link {
            throw ArchiveProblem(description: "the file is not hung on the one before it")
        }
        guard let before = link ?? previous else {
            throw ArchiveProblem(description: "the first line is no header")
        }
        guard ArchiveChain.next(before, json) == claimed else {
            throw ArchiveProblem(description: "the chain is broken: the line, or one before it, "
                + "is not what was written")
        }
        link = claimed
        if previous != nil {
            last = fields["after"].flatMap { Int64($0) } ?? last
            return .header
        }
        if let first = fields["gap"].flatMap({ Int64($0) }), let to = Int64(fields["to"] ?? "") {
            last = to
            return .gap(from: first, to: to)
        }
        if let first = fields["lost"].flatMap({ Int64($0) }), let to = Int64(fields["to"] ?? "") {
            last = first - 1
            return .loss(from: first, to: to)
        }
        do throws(RecordError) {
            let entry = try LedgerEntry(fields: fields)
            last = entry.sequence
            return .entry(entry)
        } catch {
            throw ArchiveProblem(description: error.description)
        }
    }
}

/// How far the journal is archived, as it stands in `archive`.
package struct ArchiveRecord: Equatable, Sendable {
    /// The last number archived.
    package var sequence: Int64
    /// The last link of the chain.
    package var link: String
    package var file: String
    package var writer: String
    package var atMilliseconds: Int64

    package init(
        sequence: Int64, link: String, file: String, writer: String, atMilliseconds: Int64
    ) {
        self.sequence = sequence
        self.link = link
        self.file = file
        self.writer = writer
        self.atMilliseconds = atMilliseconds
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("archive", fields)
        sequence = try reader.integer("seq")
        link = try reader.text("link")
        file = try reader.text("file")
        writer = try reader.text("writer")
        atMilliseconds = try reader.integer("at_ms")
    }

    package var fields: [(String, String)] {
        [
            ("seq", "\(sequence)"), ("link", link), ("file", file), ("writer", writer),
            ("at_ms", "\(atMilliseconds)"),
        ]
    }
}
