import Chronology
import ExchangeMarkets
import Foundation
import Matching
import Testing
import Trading

@Suite("The listings") struct ListingTests {
    private static let venues = [
        ("futures", Listing.futures), ("spot", Listing.spot), ("mexc", Listing.mexc),
    ]

    @Test("There are enough of them, each once, those that issue 3 names among them")
    func enough() {
        #expect(Listing.futures.count >= 50)
        #expect(Listing.spot.count >= 10)
        #expect(Listing.futures.prefix(4).map(\.symbol) == Listing.standard.map(\.symbol))
        for (name, listings) in Self.venues {
            #expect(Set(listings.map(\.symbol)).count == listings.count, "\(name)")
        }
        for name in ["BTCUSDT", "ETHUSDT", "QRLUSDT", "MXUSDT"] {
            #expect(Listing.mexc.contains { $0.symbol.name == name }, "\(name)")
        }
        #expect(Set(Listing.spot.map(\.instrument.quote)).count >= 4)
        #expect(Listing.futures.contains { $0.instrument.step == .whole(1_000) })
    }

    @Test("The opening price fits the filters, and the margin tables have no jump")
    func sound() {
        for (name, listings) in Self.venues {
            for listing in listings {
                let rules = listing.instrument
                #expect(rules.admits(price: listing.anchor), "\(name) \(listing.symbol)")
                #expect(listing.anchor.isMultiple(of: listing.smallestPrice), "\(listing.symbol)")
                #expect(rules.tick.isMultiple(of: listing.smallestPrice), "\(listing.symbol)")
                #expect(rules.symbol.name.hasPrefix(rules.base) || listings[0].brackets.count > 0)
                #expect(listing.brackets.isEmpty == (name != "futures"))
                for (one, next) in zip(listing.brackets, listing.brackets.dropFirst()) {
                    #expect(one.cap == next.floor && one.leverage > next.leverage)
                    #expect(
                        one.cap.scaled(by: one.rate, .down) - one.deduction
                            == one.cap.scaled(by: next.rate, .down) - next.deduction)
                }
            }
        }
    }

    @Test("Every market opens, trades and is not crossed, whatever its steps")
    func markets() {
        for (name, listings) in Self.venues {
            var fixture = FloorFixture(listings) { $0.keepsPositions = name == "futures" }
            fixture.run(.seconds(6))
            for market in fixture.floor.markets {
                let rules = market.listing.instrument
                let book = market.book
                #expect(book.best(.buy)!.price < book.best(.sell)!.price, "\(name) \(market.symbol)")
                for side in Side.allCases {
                    for level in book.depth(side) {
                        #expect(rules.admits(price: level.price), "\(name) \(market.symbol)")
                        #expect(level.quantity.isMultiple(of: rules.step), "\(market.symbol)")
                    }
                }
                let day = market.statistics(at: fixture.wall)
                #expect(day.volume.isPositive && day.low.isPositive && day.high >= day.low)
            }
        }
    }

    @Test("Recorded filters are as recorded")
    func recorded() throws {
        for (file, listings) in [("usdm", Listing.futures), ("spot", Listing.spot)] {
            guard let symbols = Fixture.symbols(file) else {
                Fixture.skip("exchange-info/\(file).json")
                return
            }
            var count = 0
            for listing in listings {
                guard let symbol = symbols[listing.symbol.name] else { continue }
                count += 1
                let rules = listing.instrument
                #expect(rules.tick == symbol.price("PRICE_FILTER", "tickSize"), "\(listing.symbol)")
                #expect(rules.minimumPrice == symbol.price("PRICE_FILTER", "minPrice"))
                #expect(rules.maximumPrice == symbol.price("PRICE_FILTER", "maxPrice"))
                #expect(rules.step == symbol.quantity("LOT_SIZE", "stepSize"))
                #expect(rules.minimumQuantity == symbol.quantity("LOT_SIZE", "minQty"))
                #expect(rules.maximumQuantity == symbol.quantity("LOT_SIZE", "maxQty"))
                #expect(
                    rules.marketMaximumQuantity == symbol.quantity("MARKET_LOT_SIZE", "maxQty"),
                    "\(listing.symbol)")
            }
            #expect(count >= (file == "usdm" ? 25 : 10), "\(file)")
        }
    }
}

/// What was recorded from venues, where this checkout has it at hand.
enum Fixture {
    struct Recorded {
        var filters: [String: [String: Any]]

        func price(_ filter: String, _ key: String) -> Price? { text(filter, key).flatMap(Price.init(text:)) }
        func quantity(_ filter: String, _ key: String) -> Quantity? {
            text(filter, key).flatMap(Quantity.init(text:))
        }
        private func text(_ filter: String, _ key: String) -> String? {
            filters[filter]?[key] as? String
        }
    }

    static func path(_ name: String) -> URL? {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<6 {
            folder.deleteLastPathComponent()
            let file = folder.appendingPathComponent("shared/fixtures/\(name)")
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        return nil
    }

    static func skip(_ name: String) { print("skipped: \(name) is not at hand") }

    static func symbols(_ file: String) -> [String: Recorded]? {
        guard let url = path("exchange-info/\(file).json"), let data = try? Data(contentsOf: url),
            let tree = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        let body = tree["body"] as? [String: Any] ?? tree
        var found: [String: Recorded] = [:]
        for symbol in body["symbols"] as? [[String: Any]] ?? [] {
            guard let name = symbol["symbol"] as? String else { continue }
            var filters: [String: [String: Any]] = [:]
            for filter in symbol["filters"] as? [[String: Any]] ?? [] {
                if let type = filter["filterType"] as? String { filters[type] = filter }
            }
            found[name] = Recorded(filters: filters)
        }
        return found
    }
}
