import Bytes
import Quotes
import Testing
import Trading

@testable import BusProtocol

@Suite("Depth and trades on the bus")
struct DepthMessageTests {
    private func level(_ price: String, _ quantity: String) throws -> BookLevel {
        BookLevel(
            price: try #require(Price(text: price)),
            quantity: try #require(Quantity(text: quantity)))
    }

    private func book(_ levels: Int64) throws -> LocalBook {
        var snapshot = DepthChange()
        snapshot.lastID = 77
        snapshot.transactionMilliseconds = 5
        for offset in 0..<levels {
            snapshot.bids.append(
                BookLevel(price: .whole(1_000 - offset), quantity: .whole(offset + 1)))
            snapshot.asks.append(
                BookLevel(price: .whole(1_001 + offset), quantity: .whole(offset + 1)))
        }
        var book = LocalBook(rule: .consecutive)
        #expect(book.snapshotReceived(snapshot) == .applied)
        return book
    }

    @Test("the best twenty levels are written best first, and read back exactly")
    func depth() throws {
        for count in [Int64(0), 1, 25] {
            let book = try book(count)
            var out = ByteWriter()
            DepthMessage.write(
                book, symbol: Array("BTCUSDT".utf8).rawSpan, sequence: 9, publishTime: 6, into: &out
            )
            let (symbol, depth) = try DepthMessage.decode(out.rawSpan)
            #expect(symbol == "BTCUSDT" && depth.sequence == 9 && depth.lastID == 77)
            #expect(depth.bookTime == 5 && depth.publishTime == 6)
            #expect(depth.bids == book.levels(.buy, atMost: 20))
            #expect(depth.asks == book.levels(.sell, atMost: 20))
        }
        var out = ByteWriter()
        DepthMessage.write(
            try book(1), symbol: Array("A".utf8).rawSpan, sequence: 9, publishTime: 6, into: &out)
        #expect(
            String(out.rawSpan)
                == #"{"s":"A","seq":"9","u":"77","tb":"5","t":"6","b":[["1000","1"]],"#
                + #""a":[["1001","1"]]}"#)
    }

    @Test("a trade is read back exactly, in the documented field order")
    func trade() throws {
        let trade = TradeTick(
            tradeID: 12, price: try #require(Price(text: "0.5")),
            quantity: try #require(Quantity(text: "3.25")), side: .sell, tradeTime: 7,
            publishTime: 8)
        var out = ByteWriter()
        trade.write(symbol: Array("A".utf8).rawSpan, into: &out)
        #expect(
            String(out.rawSpan)
                == #"{"s":"A","id":"12","p":"0.5","q":"3.25","side":"SELL","tt":"7","t":"8"}"#)
        #expect(try TradeTick.decode(out.rawSpan).trade == trade)
        let odd = Array(String(out.rawSpan).replacing("SELL", with: "LEFT").utf8)
        #expect(throws: JSONError.self) { try TradeTick.decode(odd.rawSpan) }
    }
}
