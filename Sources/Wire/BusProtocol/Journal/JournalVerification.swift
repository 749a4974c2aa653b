import Bytes

/// Reads the archive of the journal and then its stream, holds the two against each other, and replays
/// both as one journal (`LedgerVerification`).
///
/// 1. The link that Redis remembers stands somewhere in the files: Redis is written after them, and may
///    be behind by any number of entries, by a rotation, or by all that it lost.
/// 2. What stands in both is the same in both. Where the stream differs from some number on to its end,
///    Redis lost entries and gave their numbers again: the archived ones are void. Where it differs
///    before a number that is the same, one of the two was changed.
package struct JournalVerification {
    package private(set) var books = LedgerVerification()
    /// The last number in the files; 0 without any.
    package var archived: Int64 { reader.last }
    package private(set) var files = 0

    private let record: ArchiveRecord?
    private var reader = ArchiveReader()
    private var isLinkSeen = false
    private var path = ""
    /// By number, to hold the stream against; the newest only, which are those it still has.
    private var digests: [Int64: SHA256.Digest] = [:]
    /// The last number that stream and files have in common.
    private var common: Int64?
    /// Entries of the stream behind it that are not what was archived under their numbers.
    private var differing: [LedgerEntry] = []
    private var hasStream = false
    /// The stream has gone past the files.
    private var isBeyond = false

    /// - Parameter record: what Redis remembers of the archive; nil for nothing.
    package init(record: ArchiveRecord?) { self.record = record }

    // MARK: files

    /// The lines that follow are of the next file.
    package mutating func fileBegan(_ path: String) {
        files += 1
        self.path = path
    }

    /// Takes a line of a file, without its end; false where the rest of it cannot be believed.
    package mutating func lineRead(_ line: [UInt8]) -> Bool {
        do throws(ArchiveProblem) {
            switch try reader.lineRead(line) {
            case .header: break
            case .gap(let first, let last): books.gapRead(from: first, to: last)
            case .loss(let first, let last):
                for number in first...max(first, last) { digests[number] = nil }
                books.lossRead(after: first - 1)
            case .entry(let entry):
                books.entryRead(entry)
                digests[entry.sequence] = JournalVerification.digest(entry)
                digests[entry.sequence - 2 * LedgerScript.journalLength] = nil
            }
        } catch {
            books.problemFound(reader.last, path, error.description)
            return false
        }
        if record?.link == reader.link { isLinkSeen = true }
        return true
    }

    /// There are no more files in the directory.
    package mutating func filesEnded(_ directory: String) {
        guard let record, !isLinkSeen else { return }
        books.problemFound(
            reader.last, directory,
            reader.last < record.sequence
                ? "ends here, though entries up to \(record.sequence) were archived"
                : "the chain is not the one that Redis remembers at \(record.sequence)")
    }

    // MARK: the stream

    /// Takes the next entry of the stream.
    package mutating func streamRead(_ entry: LedgerEntry) {
        hasStream = true
        guard entry.sequence <= archived else {
            goBeyond()
            books.entryRead(entry)
            return
        }
        guard let known = digests[entry.sequence] else { return }
        guard known == JournalVerification.digest(entry) else {
            differing.append(entry)
            return
        }
        for other in differing {
            books.problemFound(
                other.sequence, "journal", "is not what was archived under its number")
        }
        differing = []
        common = entry.sequence
    }

    /// The stream has no more entries.
    package mutating func streamEnded() {
        guard archived > 0 else { return }
        // A stream that is not there at all was lost as a whole.
        if !hasStream { return books.lossRead(after: 0) }
        goBeyond()
    }

    /// Everything that stands in both has been read.
    private mutating func goBeyond() {
        if isBeyond { return }
        isBeyond = true
        if let first = differing.first {
            books.lossRead(after: first.sequence - 1)
            for entry in differing { books.entryRead(entry) }
            differing = []
        } else if let common, common < archived {
            books.lossRead(after: common)
        }
    }

    private static func digest(_ entry: LedgerEntry) -> SHA256.Digest {
        let json = FlatJSON.encode(entry.fields)
        return SHA256.digest(json.rawSpan)
    }
}
