import BusProtocol
import Runtime

/// The files of the journal's archive: found and read through in pieces, gone on with behind the last
/// whole line, begun anew when they are full. No Redis, no clock.
///
/// 1. Each line is chained to the one before it, over all files (`ArchiveChain`).
/// 2. A file is held while it is read and written: no other process changes it meanwhile.
/// 3. A file that was begun and got no whole line says nothing: the one before it does.
/// 4. Numbers ascend by one, or a line says what is missing, or what Redis lost and gave again.
/// 5. What was archived under the newest numbers is known, also right after a rotation and a restart.
final class ArchiveFiles {
    /// A file on its way through the reader.
    private struct Scan {
        let path: String
        let lines: LineReader
        var reader = ArchiveReader()
        /// What it says of its numbers, and the last number before them.
        var memory = ArchiveMemory(capacity: ArchiveFiles.memory)
        var floor = Int64.max
        /// Files before it, the newest last.
        let before: ArraySlice<String>

        init(_ path: String, before: ArraySlice<String>) throws(FileProblem) {
            self.path = path
            lines = try LineReader(path)
            self.before = before
        }

        /// Takes a line; the error is what is wrong with it.
        mutating func lineRead(_ line: [UInt8]) throws(ArchiveProblem) {
            switch try reader.lineRead(line) {
            case .entry(let entry): memory.remember(entry)
            case .header: floor = min(floor, reader.last)
            case .gap: return
            case .loss(let first, _):
                floor = min(floor, first - 1)
                memory.forget(after: first - 1)
            }
        }
    }

    private enum State {
        case closed
        /// The newest file is read.
        case reading(AppendFile, Scan)
        /// An older one is, for the numbers up to `floor` that the newer ones do not tell.
        case recalling(AppendFile, Scan, floor: Int64)
        case open(AppendFile)
    }

    private let directory: String
    private let venue: VenueID
    private let fileBytes: Int
    private var state = State.closed
    private var chain = ArchiveChain()
    /// The last number archived.
    private(set) var last: Int64 = 0
    /// What was archived under the newest numbers.
    private var known = ArchiveMemory(capacity: ArchiveFiles.memory)

    /// Numbers whose entries are remembered: twice what Redis may lose (its file is a second behind,
    /// at 5,000 changes a second).
    static let memory = 10_000

    /// - Parameter fileBytes: a file is begun anew at this many bytes: about 100,000 entries.
    init(directory: String, venue: VenueID, fileBytes: Int = 64 << 20) {
        self.directory = directory
        self.venue = venue
        self.fileBytes = fileBytes
    }

    /// The last link of the chain.
    var link: String { chain.link }

    /// The file that is written; nil while none is open.
    var path: String? { if case .open(let file) = state { file.path } else { nil } }

    /// Lets go of the files; they are read anew before anything more is written.
    func close() { state = .closed }

    // MARK: opening

    /// Goes on with reading the newest files, about `piece` bytes of them; true once they are open.
    func open(piece: Int = 256 << 10) throws(FileProblem) -> Bool {
        do throws(FileProblem) {
            return try goOn(piece)
        } catch {
            state = .closed
            throw error
        }
    }

    private func goOn(_ piece: Int) throws(FileProblem) -> Bool {
        switch state {
        case .open: return true
        case .closed:
            try Folder.make(directory)
            known = ArchiveMemory(capacity: ArchiveFiles.memory)
            return try scan(LineFile.paths(matching: "\(directory)/ledger-*.jsonl")[...])
        case .reading(let file, var scan):
            let (isEnd, problem) = try ArchiveFiles.read(&scan, piece)
            if let problem { throw FileProblem(reason: "\(scan.path): \(problem)") }
            state = .reading(file, scan)
            return isEnd ? try scanned(file, scan) : false
        case .recalling(let file, var scan, let floor):
            let (isEnd, problem) = try ArchiveFiles.read(&scan, piece)
            state = .recalling(file, scan, floor: floor)
            guard isEnd else { return false }
            // What an older file cannot tell is not known: `pms ledger verify` tells of it.
            if problem == nil { known.take(scan.memory, upTo: floor) }
            let next = problem == nil ? min(floor, scan.floor) : 0
            return try recall(file, scan.before, floor: next)
        }
    }

    private static func read(
        _ scan: inout Scan, _ piece: Int
    ) throws(FileProblem) -> (isEnd: Bool, problem: ArchiveProblem?) {
        var problem: ArchiveProblem?
        let isEnd = try scan.lines.read(atMost: piece) { line in
            do throws(ArchiveProblem) {
                try scan.lineRead(line)
                return true
            } catch {
                problem = error
                return false
            }
        }
        return (isEnd, problem)
    }

    /// Begins with the newest of some files; without any, the first is made.
    private func scan(_ paths: ArraySlice<String>) throws(FileProblem) -> Bool {
        guard let path = paths.last else {
            last = 0
            chain = ArchiveChain()
            state = .open(try begin(after: 0))
            return true
        }
        state = .reading(try AppendFile(path), try Scan(path, before: paths.dropLast()))
        return false
    }

    private func scanned(_ file: AppendFile, _ scan: Scan) throws(FileProblem) -> Bool {
        guard let link = scan.reader.link else { return try self.scan(scan.before) }
        try file.cut(to: scan.lines.whole)
        last = scan.reader.last
        chain = ArchiveChain(link: link)
        known = scan.memory
        return try recall(file, scan.before, floor: scan.floor)
    }

    /// Reads the file before, where the newer ones do not tell all the numbers that are remembered.
    private func recall(
        _ file: AppendFile, _ before: ArraySlice<String>, floor: Int64
    ) throws(FileProblem) -> Bool {
        guard let path = before.last, floor > max(0, last - Int64(ArchiveFiles.memory)) else {
            state = .open(file)
            return true
        }
        state = .recalling(file, try Scan(path, before: before.dropLast()), floor: floor)
        return false
    }

    /// A file whose first entry follows a number.
    private func begin(after last: Int64) throws(FileProblem) -> AppendFile {
        // Names ascend, also where numbers were lost and given again.
        let newest = LineFile.paths(matching: "\(directory)/ledger-*.jsonl").last
        let number = max(last + 1, newest.map { ArchiveFiles.number(of: $0) + 1 } ?? 1)
        let digits = "\(number)"
        let name = String(repeating: "0", count: max(0, 15 - digits.utf8.count)) + digits
        let file = try AppendFile("\(directory)/ledger-\(name).jsonl", whole: 0)
        try file.append(chain.header(venue: venue, after: last))
        return file
    }

    private static func number(of path: String) -> Int64 {
        let name = path.split(separator: "/").last ?? ""
        return Int64(name.dropFirst("ledger-".count).prefix { $0.isNumber }) ?? 0
    }

    // MARK: writing

    /// Writes entries whose numbers ascend, and has them on the disk when it returns.
    /// - Returns: numbers that were gone before they could be archived.
    func append(_ entries: [LedgerEntry]) throws(FileProblem) -> [ClosedRange<Int64>] {
        var bytes: [UInt8] = []
        var gaps: [ClosedRange<Int64>] = []
        for entry in entries {
            if entry.sequence > last + 1 {
                gaps.append((last + 1)...(entry.sequence - 1))
                bytes += chain.gap(from: last + 1, to: entry.sequence - 1)
            }
            bytes += chain.entry(entry)
            known.remember(entry)
            last = entry.sequence
        }
        try write(bytes)
        return gaps
    }

    /// Redis lost what was archived behind a number, and gives the numbers again.
    func lost(after kept: Int64) throws(FileProblem) {
        let line = chain.loss(after: kept, to: last)
        known.forget(after: kept)
        last = kept
        try write(line)
    }

    private func write(_ bytes: [UInt8]) throws(FileProblem) {
        guard case .open(let file) = state else {
            throw FileProblem(reason: "no file is open")
        }
        do throws(FileProblem) {
            try file.append(bytes)
            if file.size > fileBytes { state = .open(try begin(after: last)) }
        } catch {
            // What reached the file, if anything, is read again from there.
            state = .closed
            throw error
        }
    }

    /// Whether an entry is the one that was archived under its number; nil where that is not known.
    func isArchived(_ entry: LedgerEntry) -> Bool? { known.isArchived(entry) }
}
