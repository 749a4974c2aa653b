import BusProtocol
import Bytes
import Glibc
import Runtime
import Trading

/// What is done while Redis is away, on this host's disk until Redis holds it (B7c).
///
/// A line is a checksum and an object. An entry is on the disk before `append` returns: the loop waits
/// for that, some milliseconds, as nothing may leave before it; it happens only while Redis is away or
/// keeps nothing.
/// One process at a time holds the file. A line that is torn or rotten is left out and told of.
final class IntentJournal {
    private let path: String
    private var file: Int32 = -1
    /// Entries that are not settled, by key, and their keys in the order of writing.
    private var live: [String: JournalEntry] = [:]
    private var keys: [String] = []
    /// Of a file that is larger something is wrong: it holds some thousand entries.
    private static let limit = 16 << 20

    /// - Parameter directory: made where it is not there.
    init(directory: String, venue: String) {
        path = "\(directory)/\(venue).intents"
        _ = unsafe mkdir(directory, 0o700)
    }

    deinit { if file >= 0 { close(file) } }

    var isOpen: Bool { file >= 0 }

    /// Takes hold of the file; gives what an earlier holder left unsettled, oldest first. Nil where it
    /// cannot be used, or another process has it: the reason is logged.
    func open() -> [JournalEntry]? {
        if isOpen { return [] }
        let opened = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard opened >= 0 else { return fail("cannot be opened") }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            return fail("is in use by another gateway, or cannot be locked")
        }
        file = opened
        for line in read().split(separator: UInt8(ascii: "\n")) { take(line) }
        return keys.compactMap { live[$0] }
    }

    private func fail(_ what: String) -> [JournalEntry]? {
        let reason = unsafe String(cString: strerror(errno))
        Log.warn("the journal \(what)", ["path": path, "reason": reason])
        return nil
    }

    private func read() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < IntentJournal.limit {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.pread(file, $0.baseAddress, $0.count, bytes.count)
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private func take(_ line: ArraySlice<UInt8>) {
        guard let fields = IntentJournal.fields(line), let kind = fields["entry"] else {
            Log.error("a line of the journal is damaged and left out", ["path": path])
            return
        }
        if kind == "settled" { return forget(fields["key"] ?? "") }
        do throws(RecordError) {
            note(try IntentJournal.entry(kind, fields))
        } catch {
            Log.error(
                "an entry of the journal is unreadable", ["path": path, "error": error.description])
        }
    }

    private static func fields(_ line: ArraySlice<UInt8>) -> [String: String]? {
        let text = Array(line.dropFirst(9))
        guard line.count > 9, let sum = UInt32(String(decoding: line.prefix(8), as: UTF8.self), radix: 16),
            sum == CRC32.checksum(text.rawSpan)
        else { return nil }
        return try? FlatJSON.decode(text.rawSpan)
    }

    private static func entry(
        _ kind: String, _ fields: [String: String]
    ) throws(RecordError) -> JournalEntry {
        if kind == "intent" { return .intent(try OrderRecord(fields: fields)) }
        let account = fields["account"].flatMap { AccountID($0) }
        return .state(try StateRecord(fields: fields), account)
    }

    private func note(_ entry: JournalEntry) {
        if live.updateValue(entry, forKey: entry.key) == nil { keys.append(entry.key) }
    }

    private func forget(_ key: String) {
        if live.removeValue(forKey: key) != nil { keys.removeAll { $0 == key } }
    }

    /// Writes an entry down; false where it is not on the disk for certain.
    func append(_ entry: JournalEntry) -> Bool {
        guard isOpen, write(IntentJournal.fields(entry)), fdatasync(file) == 0 else {
            _ = fail("cannot be written")
            return false
        }
        note(entry)
        return true
    }

    /// Redis holds an entry; with the last of them the file is emptied.
    func settle(_ key: String) {
        forget(key)
        guard isOpen else { return }
        if live.isEmpty {
            _ = ftruncate(file, 0)
        } else {
            _ = write([("entry", "settled"), ("key", key)])
        }
    }

    private static func fields(_ entry: JournalEntry) -> [(String, String)] {
        switch entry {
        case .intent(let record): [("entry", "intent")] + record.fields
        case .state(let record, let account):
            [("entry", "state")] + (account.map { [("account", $0.name)] } ?? []) + record.fields
        }
    }

    /// Hands a line to the kernel; what is left of one that did not fit is a damaged line.
    private func write(_ fields: [(String, String)]) -> Bool {
        let text = FlatJSON.encode(fields)
        let sum = String(CRC32.checksum(text.rawSpan), radix: 16)
        let head = String(repeating: "0", count: 8 - sum.count) + sum + " "
        // A line of its own, whatever an earlier one was torn to.
        let line = Array("\n".utf8) + Array(head.utf8) + text + [UInt8(ascii: "\n")]
        let count = unsafe line.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        return count == line.count
    }
}
