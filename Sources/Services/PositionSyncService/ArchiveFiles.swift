import BusProtocol
import Runtime

/// The files of the journal's archive: found and read through in pieces, gone on with behind the last
/// whole line, begun anew when they are full. No Redis, no clock.
///
/// 1. Each line is chained to the one before it, over all files (`ArchiveChain`).
/// 2. A file is held while it is read and written: no other process changes it meanwhile.
/// 3. A file that was begun and got no whole line says nothing: the one before it does.
/// 4. Numbers ascend by one, or a line says what is missing, or what Redis lost and gave again.
final class ArchiveFiles {
    private struct Scan {
        let file: AppendFile
        let lines: LineReader
        var reader = ArchiveReader()
        /// Files before it, the newest last.
        var before: ArraySlice<String>
    }

    private enum State {
        case closed
        case reading(Scan)
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
    private var digests: [Int64: UInt64] = [:]

    /// Numbers whose entries are remembered: twice what Redis may lose (its file is a second behind,
    /// at 5,000 changes a second).
    static let memory: Int64 = 10_000

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

    /// Goes on with reading the newest file, about `piece` bytes of it; true once the files are open.
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
            digests = [:]
            return try scan(LineFile.paths(matching: "\(directory)/ledger-*.jsonl")[...])
        case .reading(var scan):
            var problem: ArchiveProblem?
            var lines: [(number: Int64, digest: UInt64)] = []
            let isEnd = try scan.lines.read(atMost: piece) { line in
                do throws(ArchiveProblem) {
                    if case .entry(let entry) = try scan.reader.lineRead(line) {
                        lines.append((entry.sequence, ArchiveFiles.digest(line[65...])))
                    }
                    return true
                } catch {
                    problem = error
                    return false
                }
            }
            if let problem { throw FileProblem(reason: "\(scan.file.path): \(problem)") }
            for line in lines { remember(line.number, line.digest) }
            state = .reading(scan)
            return isEnd ? try scanned(scan) : false
        }
    }

    /// Begins with the newest of some files; without any, the first is made.
    private func scan(_ paths: ArraySlice<String>) throws(FileProblem) -> Bool {
        guard let path = paths.last else {
            last = 0
            chain = ArchiveChain()
            state = .open(try begin(after: 0))
            return true
        }
        let file = try AppendFile(path)
        state = .reading(
            Scan(file: file, lines: try LineReader(path), before: paths.dropLast()))
        return false
    }

    private func scanned(_ scan: Scan) throws(FileProblem) -> Bool {
        guard let link = scan.reader.link else { return try self.scan(scan.before) }
        try scan.file.cut(to: scan.lines.whole)
        last = scan.reader.last
        chain = ArchiveChain(link: link)
        state = .open(scan.file)
        return true
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
            let line = chain.entry(entry)
            remember(entry.sequence, ArchiveFiles.digest(line[65..<(line.count - 1)]))
            bytes += line
            last = entry.sequence
        }
        try write(bytes)
        return gaps
    }

    /// Redis lost what was archived behind a number, and gives the numbers again.
    func lost(after kept: Int64) throws(FileProblem) {
        let line = chain.loss(after: kept, to: last)
        digests = digests.filter { $0.key <= kept }
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

    // MARK: what was archived

    /// Whether an entry is the one that was archived under its number; nil where that is not known.
    func isArchived(_ entry: LedgerEntry) -> Bool? {
        guard let digest = digests[entry.sequence] else { return nil }
        return ArchiveFiles.digest(FlatJSON.encode(entry.fields)[...]) == digest
    }

    private func remember(_ number: Int64, _ digest: UInt64) {
        digests[number] = digest
        digests[number - ArchiveFiles.memory] = nil
    }

    /// FNV-1a: two entries under one number differ by chance alone if at all.
    private static func digest(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
