@testable import BusProtocol
import Foundation
import Runtime
import Testing
import Trading

@testable import PositionSyncService

/// The archive's files on a real disk: rotation, restarts, torn ends, numbers given again.
@Suite("line 1: the archive of the journal")
final class ArchiveFilesTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("pms-archive-\(UUID().uuidString.prefix(8))").path + "/deep/er"
    private let venue = VenueID("usdm")!

    deinit { try? FileManager.default.removeItem(atPath: folder + "/../..") }

    private func files(bytes: Int = 64 << 20) throws -> ArchiveFiles {
        let files = ArchiveFiles(directory: folder, venue: venue, fileBytes: bytes)
        // Small pieces: a file is read over many turns.
        var isOpen = false
        while !isOpen { isOpen = try files.open(piece: 100) }
        return files
    }

    private func entries(_ numbers: ClosedRange<Int64>, _ mark: Int64 = 0) -> [LedgerEntry] {
        numbers.map { number in
            var entry = LedgerEntry(
                kind: .deposit, account: alpha, symbol: nil, cause: "test \(mark)",
                atMilliseconds: number, writer: "test:1")
            entry.sequence = number
            entry.quantity = .whole(number)
            return entry
        }
    }

    private var paths: [String] { LineFile.paths(matching: "\(folder)/ledger-*.jsonl") }

    /// The numbers in all files, read as `pms ledger verify` does; a loss takes its numbers back.
    private func read() throws -> [Int64] {
        var reader = ArchiveReader()
        var numbers: [Int64] = []
        for path in paths {
            var problem: ArchiveProblem?
            _ = try LineFile.forEachLine(path) { line in
                do throws(ArchiveProblem) {
                    switch try reader.lineRead(line) {
                    case .header: break
                    case .entry(let entry): numbers.append(entry.sequence)
                    case .gap(let from, _): numbers.append(-from)
                    case .loss(let from, _): numbers.removeAll { $0 >= from }
                    }
                    return true
                } catch {
                    problem = error
                    return false
                }
            }.get()
            if let problem { throw problem }
        }
        return numbers
    }

    @Test("folders are made, files are begun anew when full, and the chain goes over their edges")
    func rotation() throws {
        let files = try files(bytes: 2_000)
        for start in stride(from: Int64(1), to: 40, by: 4) {
            #expect(try files.append(entries(start...(start + 3))).isEmpty)
        }
        #expect(paths.count > 3)
        #expect(try read() == Array(1...40))
        #expect(files.last == 40)
    }

    @Test("a restart goes on behind the last whole line, in the middle of a file and at its edge")
    func restart() throws {
        var next: Int64 = 1
        for turn in 0..<12 {
            let files = try files(bytes: 1_500)
            #expect(files.last == next - 1, "turn \(turn)")
            let end = next + Int64(turn % 3)
            _ = try files.append(entries(next...end))
            next = end + 1
        }
        #expect(try read() == Array(1..<next))
    }

    @Test("a torn line is cut, and a file that got no whole line is passed over")
    func torn() throws {
        _ = try files().append(entries(1...5))
        let path = try #require(paths.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try (whole + Data("0123 {\"torn".utf8)).write(to: URL(fileURLWithPath: path))
        _ = try files().append(entries(6...7))
        #expect(try read() == Array(1...7))
        // Begun at a rotation, and the process ended before its header was on the disk.
        try Data("00ab".utf8).write(to: URL(fileURLWithPath: "\(folder)/ledger-000000000000008.jsonl"))
        let files = try files(bytes: 100)
        #expect(files.last == 7)
        _ = try files.append(entries(8...8))
        _ = try files.append(entries(9...9))
        #expect(try read() == Array(1...9))
        files.close()
        #expect(try self.files().last == 9)
    }

    @Test("a header alone says what comes first")
    func headerAlone() throws {
        let first = try files(bytes: 100)
        _ = try first.append(entries(1...3))
        first.close()
        let second = try files(bytes: 100)
        #expect(second.last == 3 && paths.count == 2)
        _ = try second.append(entries(4...4))
        #expect(try read() == Array(1...4))
    }

    @Test("entries that were gone before they could be archived leave a line that says so")
    func gap() throws {
        let files = try files()
        _ = try files.append(entries(1...2))
        #expect(try files.append(entries(6...7)) == [3...5])
        #expect(try read() == [1, 2, -3, 6, 7])
    }

    @Test("P3: numbers that Redis lost and gave again are void in the archive, over rotations too")
    func loss() throws {
        let files = try files(bytes: 1_500)
        _ = try files.append(entries(1...10))
        _ = try files.append(entries(11...20))
        let again = entries(16...16, 1)[0]
        #expect(files.isArchived(entries(15...15)[0]) == true)
        #expect(files.isArchived(again) == false)
        try files.lost(after: 15)
        #expect(files.last == 15)
        #expect(files.isArchived(again) == nil)
        for number in Int64(16)...30 { _ = try files.append(entries(number...number, 1)) }
        #expect(files.isArchived(again) == true)
        #expect(try read() == Array(1...30))
        // The same from the files alone: what the newest holds is remembered.
        files.close()
        let other = try self.files()
        _ = try other.append(entries(31...31, 1))
        other.close()
        let next = try self.files()
        #expect(next.last == 31 && next.isArchived(entries(31...31, 1)[0]) == true)
        #expect(next.isArchived(entries(31...31)[0]) == false)
    }

    @Test("P3: what was archived is known right after a rotation and a restart, over any number of files")
    func recalled() throws {
        do {
            let files = try files(bytes: 1_500)
            for number in Int64(1)...20 { _ = try files.append(entries(number...number)) }
            try files.lost(after: 12)
            for number in Int64(13)...15 { _ = try files.append(entries(number...number, 1)) }
        }
        #expect(paths.count > 4)
        let files = try files(bytes: 100)
        // Begun anew by this, and the one process ends.
        _ = try files.append(entries(16...16, 1))
        files.close()
        let next = try self.files()
        #expect(next.last == 16)
        for number in Int64(1)...12 {
            #expect(next.isArchived(entries(number...number)[0]) == true, "\(number)")
            #expect(next.isArchived(entries(number...number, 1)[0]) == false, "\(number)")
        }
        for number in Int64(13)...16 {
            #expect(next.isArchived(entries(number...number, 1)[0]) == true, "\(number)")
            #expect(next.isArchived(entries(number...number)[0]) == false, "\(number)")
        }
        // What Redis lost and has not given again is void.
        for number in Int64(17)...20 {
            #expect(next.isArchived(entries(number...number)[0]) == nil, "\(number)")
        }
    }

    @Test("an entry that an older build wrote in another order is the same entry")
    func otherOrder() throws {
        _ = try files().append(entries(1...2))
        let path = try #require(paths.first)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let link = try #require(text.split(separator: "\n").last?.prefix(64))
        let json = FlatJSON.encode([("more", "x")] + entries(3...3)[0].fields.reversed())
        let line = ArchiveChain.next(String(link), json) + " " + String(decoding: json, as: UTF8.self)
        try (text + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let files = try files()
        #expect(files.last == 3)
        #expect(files.isArchived(entries(3...3)[0]) == true)
        #expect(files.isArchived(entries(3...3, 1)[0]) == false)
    }

    @Test("room for so many: a gap leaves nothing that is older, and no old number takes a new one's place")
    func memory() {
        var memory = ArchiveMemory(capacity: 10)
        for entry in entries(1...12) { memory.remember(entry) }
        #expect(memory.isArchived(entries(2...2)[0]) == nil)
        #expect(memory.isArchived(entries(3...3)[0]) == true)
        var older = ArchiveMemory(capacity: 10)
        for entry in entries(1...4, 1) { older.remember(entry) }
        memory.take(older, upTo: 4)
        #expect(memory.isArchived(entries(1...1, 1)[0]) == nil)
        memory.forget(after: 8)
        #expect(memory.isArchived(entries(9...9)[0]) == nil)
        #expect(memory.isArchived(entries(8...8)[0]) == true)
    }

    @Test("a line that was changed stops the archive, rather than being written on behind")
    func tampered() throws {
        _ = try files().append(entries(1...5))
        let path = try #require(paths.first)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacingOccurrences(of: "\"qty\":\"4\"", with: "\"qty\":\"5\"")
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: FileProblem.self) { try files() }
    }

    @Test("a file that another process writes is not touched")
    func held() throws {
        let first = try files()
        _ = try first.append(entries(1...2))
        #expect(throws: FileProblem.self) { try files() }
        #expect(try first.append(entries(3...3)).isEmpty)
    }
}
