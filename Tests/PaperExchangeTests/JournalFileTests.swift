import Bytes
import Chronology
import ExchangeDoor
import FuturesExchange
import Glibc
import PaperExchangeService
import Testing
import Trading

@Suite("The journal's file") struct JournalFileTests {
    private let wall = WallTime(milliseconds: 1_700_000_000_000)

    /// A desk of one symbol without a background, so that journals are small.
    private func venue() -> FuturesVenue {
        var settings = FuturesSettings()
        settings.hasBackground = false
        settings.listings = Array(settings.listings.prefix(1))
        return FuturesVenue(FuturesDesk(settings))
    }

    /// What a client would see of the account.
    private func account(_ venue: FuturesVenue) -> String {
        var out = JSONWriter()
        var text = ""
        for part in [TruthPart.balances, .positions, .openOrders, .orders, .trades] {
            out.removeAll()
            out.beginArray()
            _ = venue.writeTruth(part, from: TruthCursor(), limit: 1_000, &out)
            out.endArray()
            text += out.text
        }
        return text
    }

    private func write(_ bytes: [UInt8], _ path: String) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    private func order(_ id: String, _ venue: FuturesVenue) throws {
        _ = try venue.desk.place(
            OrderParameters(
                symbol: btc, side: .buy, type: .limit, timeInForce: .goodTillCancel,
                quantity: quantity("0.01"), price: price("64000"), clientOrderID: id),
            wall: wall)
    }

    /// A file with a snapshot and three lines behind it, and the account after each of them.
    private func journal(_ directory: String) throws -> (bytes: [UInt8], accounts: [String]) {
        let venue = venue()
        let file = try JournalFile(directory: directory, name: "futures")
        try file.replace(with: venue)
        var accounts = [account(venue)]
        for id in ["a", "b", "c"] {
            try order(id, venue)
            try file.append(venue.takeJournal())
            accounts.append(account(venue))
        }
        return (try readWhole(directory + "/futures.journal"), accounts)
    }

    /// Reads bytes as a start does.
    private func restored(_ bytes: [UInt8], _ directory: String) -> (account: String, torn: Int)? {
        write(bytes, directory + "/futures.journal")
        let venue = venue()
        do {
            let file = try JournalFile(directory: directory, name: "futures")
            let torn = try file.restore(venue)
            return (account(venue), torn)
        } catch {
            return nil
        }
    }

    @Test("Cut at any byte, the file is what was whole, or refused inside its snapshot")
    func cut() async throws {
        try await withDirectory { directory in
            let (bytes, accounts) = try journal(directory)
            var ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
            ends = Array(ends.suffix(4))
            for length in 0...bytes.count {
                let found = restored(Array(bytes[..<length]), directory)
                let whole = ends.count { $0 < length }
                if whole == 0 {
                    #expect(found == nil, "cut at \(length)")
                } else {
                    #expect(found?.account == accounts[whole - 1], "cut at \(length)")
                    #expect(found?.torn == length - ends[whole - 1] - 1)
                }
            }
        }
    }

    @Test("A changed byte is reported; only in the last line it is cut, and never taken for sound")
    func changed() async throws {
        try await withDirectory { directory in
            let (bytes, accounts) = try journal(directory)
            let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
            let last = ends[ends.count - 2] + 1
            for index in bytes.indices {
                for change: UInt8 in [0x01, 0x80] {
                    var other = bytes
                    other[index] ^= change
                    let found = restored(other, directory)
                    if index >= last {
                        #expect(found?.account == accounts[2], "byte \(index)")
                        #expect(found.map { $0.torn > 0 } == true)
                    } else if index == last - 1 {
                        // The line's end is gone: the last two are one, which is the last.
                        #expect(found?.account == accounts[1], "byte \(index)")
                    } else {
                        #expect(found == nil, "byte \(index)")
                    }
                }
            }
        }
    }

    @Test("Damage is told with file, line and what to do")
    func told() async throws {
        try await withDirectory { directory in
            var (bytes, _) = try journal(directory)
            let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
            bytes[ends[ends.count - 3] + 20] ^= 1
            write(bytes, directory + "/futures.journal")
            let file = try JournalFile(directory: directory, name: "futures")
            do throws(JournalFileError) {
                _ = try file.restore(venue())
                Issue.record("damage was not found")
            } catch {
                let line = ends.count - 1
                #expect(error.description.hasPrefix("\(directory)/futures.journal: journal line \(line):"))
                #expect(error.description.contains("--fresh"))
            }
        }
    }

    @Test("A fresh start keeps the old file aside; the file of former versions is taken over")
    func names() async throws {
        try await withDirectory { directory in
            let (bytes, accounts) = try journal(directory)
            let former = Array(bytes.split(separator: UInt8(ascii: "\n"))
                .filter { Array($0) + [UInt8(ascii: "\n")] != JournalLines.snapshotEnd }
                .joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
            unsafe remove(directory + "/futures.journal")
            write(former, directory + "/account.journal")
            do {
                let venue = venue()
                let file = try JournalFile(directory: directory, name: "futures")
                #expect(try file.restore(venue) == 0)
                #expect(account(venue) == accounts[3])
                try file.replace(with: venue)
                #expect(unsafe access(directory + "/account.journal", F_OK) != 0)
            }
            let fresh = venue()
            let file = try JournalFile(directory: directory, name: "futures", isFresh: true)
            #expect(try file.restore(fresh) == 0)
            #expect(account(fresh) == accounts[0])
            #expect(unsafe access(directory + "/futures.journal.1", F_OK) == 0)
        }
    }
}
