import Bounded
import Bytes
import CFloor
import Trading

/// Exact decimals: the arithmetic of prices and amounts, called across modules as the desks do.
let decimalsBenchmark = Benchmark(name: "decimals") {
    let sample = DecimalSample(count: 4_096, seed: 1)
    return sample.arithmetic() + sample.text() + sample.hashing()
}

/// Prices around 61,800 and quantities around 2, as a busy symbol has them.
private struct DecimalSample {
    var prices: [Price] = []
    var others: [Price] = []
    var quantities: [Quantity] = []

    init(count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<count {
            prices.append(Price(units: Self.units(&random, ticks: 500_000...700_000, tick: 11)))
            others.append(Price(units: Self.units(&random, ticks: 500_000...700_000, tick: 11)))
            quantities.append(Quantity(units: Self.units(&random, ticks: 1...9_999, tick: 9)))
        }
    }

    private static func units(
        _ random: inout SplitMix64, ticks: ClosedRange<Int128>, tick: Int
    ) -> Int128 {
        Int128.random(in: ticks, using: &random) * Int128(DecimalText.powerOfTen(tick))
    }

    /// The words a C floor reads: low, then high.
    private static func words(_ units: [Int128]) -> [UInt64] {
        units.flatMap { units in
            let bits = UInt128(bitPattern: units)
            return [UInt64(truncatingIfNeeded: bits), UInt64(truncatingIfNeeded: bits >> 64)]
        }
    }

    func arithmetic() -> [Figure] {
        let count = prices.count
        let (a, b) = (Self.words(prices.map(\.units)), Self.words(quantities.map(\.units)))
        let c = Self.words(others.map(\.units))
        func floor(_ body: () -> UInt64) -> Double {
            Measure.nanoseconds(perOperationOf: count, body)
        }
        return [
            Figure(
                "decimals.add", floor { add() }, "ns",
                floor: floor { unsafe floor_decimal_add(a, count) }),
            Figure(
                "decimals.compare", floor { compare() }, "ns",
                floor: floor { unsafe floor_decimal_compare(a, c, count) }),
            Figure(
                "decimals.multiply", floor { multiply() }, "ns",
                floor: floor { unsafe floor_decimal_multiply(a, b, count) }),
            Figure(
                "decimals.divide", floor { divide() }, "ns",
                floor: floor { unsafe floor_decimal_divide(a, b, count) }),
            Figure("decimals.round-to-tick", floor { roundToTick() }, "ns"),
        ]
    }

    @inline(never) private func add() -> UInt64 {
        var sum = Price.zero
        for price in prices { sum += price }
        return UInt64(truncatingIfNeeded: sum.units)
    }

    @inline(never) private func compare() -> UInt64 {
        var below: UInt64 = 0
        for index in prices.indices where prices[index] < others[index] { below &+= 1 }
        return below
    }

    @inline(never) private func multiply() -> UInt64 {
        var mixed: UInt64 = 0
        for index in prices.indices {
            let money = prices[index].times(quantities[index], .nearestEven)
            mixed ^= UInt64(truncatingIfNeeded: money.units)
        }
        return mixed
    }

    @inline(never) private func divide() -> UInt64 {
        var mixed: UInt64 = 0
        for index in prices.indices {
            let price = Money(units: prices[index].units).divided(
                by: quantities[index], .nearestEven)
            mixed ^= UInt64(truncatingIfNeeded: price.units)
        }
        return mixed
    }

    @inline(never) private func roundToTick() -> UInt64 {
        let tick = Price(units: 30_000_000_000)
        var mixed: UInt64 = 0
        for price in prices { mixed ^= UInt64(truncatingIfNeeded: price.down(to: tick).units) }
        return mixed
    }

    func text() -> [Figure] {
        let joined = prices.flatMap { $0.text.utf8CString }
        let bytes = joined.map(UInt8.init(bitPattern:))
        let values = Self.words(prices.map(\.units))
        let count = prices.count
        var room = [CChar](repeating: 0, count: count * 48)
        var writer = ByteWriter(capacity: count * 48)
        return [
            Figure(
                "decimals.parse",
                Measure.nanoseconds(perOperationOf: count) {
                    var mixed: UInt64 = 0
                    var index = 0
                    for _ in 0..<count {
                        guard let units = DecimalText.plain(bytes.rawSpan, &index) else { return 0 }
                        mixed ^= UInt64(truncatingIfNeeded: units)
                        index += 1
                    }
                    return mixed
                }, "ns",
                floor: Measure.nanoseconds(perOperationOf: count) {
                    unsafe floor_decimal_parse(joined, count)
                }),
            Figure(
                "decimals.write",
                Measure.nanoseconds(perOperationOf: count) {
                    writer.removeAll()
                    for price in prices { DecimalText.write(price.units, into: &writer) }
                    return UInt64(writer.count)
                }, "ns",
                floor: Measure.nanoseconds(perOperationOf: count) {
                    unsafe floor_decimal_write(values, count, &room)
                }),
        ]
    }

    /// The signature of one order request.
    func hashing() -> [Figure] {
        let signer = HMACSHA256(key: Array("2b5eb11e18796d12d88f13dc27dbbd02".utf8))
        let query = Array(
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timestamp=1591702613943".utf8)
        return [
            Figure(
                "signing.request",
                Measure.nanoseconds(perOperationOf: 100) {
                    var mixed: UInt32 = 0
                    for _ in 0..<100 { mixed ^= signer.code(of: query.rawSpan).words[0] }
                    return UInt64(mixed)
                } / 1_000, "us")
        ]
    }
}
