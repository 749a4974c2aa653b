package import Reactor

/// A number that only grows, and starts at zero with the process.
@LoopActor package final class Counter {
    package private(set) var value: UInt64 = 0

    init() {}

    /// Adds one.
    package func increment() { value &+= 1 }
    /// Adds a count.
    package func add(_ count: Int) { value &+= UInt64(max(0, count)) }
}

/// A number that goes up and down.
@LoopActor package final class Gauge {
    package private(set) var value: Double = 0

    init() {}

    package func set(_ value: Double) { self.value = value }
    package func set(_ value: Int) { self.value = Double(value) }
}

/// How observations spread over fixed bounds.
@LoopActor package final class Histogram {
    /// Upper bounds, ascending; a last bucket without bound follows.
    package let bounds: [Double]
    package private(set) var counts: [UInt64]
    package private(set) var sum: Double = 0
    package private(set) var count: UInt64 = 0

    /// 10 µs to 10 s in steps of about three, for times in seconds.
    package static let latencyBounds: [Double] = [
        0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10,
    ]

    init(bounds: [Double]) {
        precondition(
            !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "the bounds of a histogram ascend")
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    /// Counts one observation; O(number of bounds).
    package func observe(_ value: Double) {
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index] &+= 1
        sum += value
        count &+= 1
    }
}

/// The metrics of a process. Asking for a name and labels twice gives the same instrument.
///
/// Ask at start and keep what you get: looking one up costs a dictionary, using one costs nothing.
@LoopActor package final class Metrics {
    private enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case computed(() -> Double)
    }

    private struct Family {
        let kind: String
        let help: String
        var series: [(labels: String, instrument: Instrument)] = []
    }

    private var families: [(name: String, family: Family)] = []
    private var index: [String: Int] = [:]
    private var seriesCount = 0
    /// Most series: 500 symbols with eight metrics each; later ones count but are not shown.
    private let seriesLimit = 4096

    package init() {}

    /// - Parameters:
    ///   - name: letters, digits and `_`, beginning with `pms_`, ending in `_total`.
    ///   - labels: few and of few values, never ids of orders or requests.
    package func counter(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:]
    ) -> Counter {
        let key = Metrics.text(labels)
        if case .counter(let known)? = find(name, key) { return known }
        let counter = Counter()
        insert(name, "counter", help, key, .counter(counter))
        return counter
    }

    package func gauge(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:]
    ) -> Gauge {
        let key = Metrics.text(labels)
        if case .gauge(let known)? = find(name, key) { return known }
        let gauge = Gauge()
        insert(name, "gauge", help, key, .gauge(gauge))
        return gauge
    }

    /// - Parameter bounds: ascending upper bounds in the unit the name ends in.
    package func histogram(
        _ name: String, _ help: String, bounds: [Double] = Histogram.latencyBounds,
        _ labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        let key = Metrics.text(labels)
        if case .histogram(let known)? = find(name, key) { return known }
        let histogram = Histogram(bounds: bounds)
        insert(name, "histogram", help, key, .histogram(histogram))
        return histogram
    }

    /// A gauge whose value is asked for when the metrics are read.
    package func computed(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:],
        _ value: @escaping () -> Double
    ) {
        let key = Metrics.text(labels)
        precondition(find(name, key) == nil, "\(name) is computed once")
        insert(name, "gauge", help, key, .computed(value))
    }

    private func find(_ name: String, _ labels: String) -> Instrument? {
        index[name].flatMap { position in
            families[position].family.series.first { $0.labels == labels }?.instrument
        }
    }

    private func insert(
        _ name: String, _ kind: String, _ help: String, _ labels: String, _ instrument: Instrument
    ) {
        precondition(Metrics.isName(name), "\(name) is not the name of a metric")
        guard seriesCount < seriesLimit else { return }
        seriesCount += 1
        if index[name] == nil {
            index[name] = families.count
            families.append((name, Family(kind: kind, help: help)))
        }
        guard let position = index[name] else { return }
        precondition(families[position].family.kind == kind, "\(name) is of another kind")
        families[position].family.series.append((labels, instrument))
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
            }
    }

    /// `a="1",b="2"` with backslash, quote and newline escaped.
    private static func text(_ labels: KeyValuePairs<String, String>) -> String {
        labels.map { name, value in
            var escaped = ""
            for character in value.unicodeScalars {
                switch character {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                case _: escaped.unicodeScalars.append(character)
                }
            }
            return "\(name)=\"\(escaped)\""
        }.joined(separator: ",")
    }

    // MARK: text

    /// All metrics in Prometheus's text format (version 0.0.4), sorted by name.
    package var text: String {
        var text = ""
        for (name, family) in families.sorted(by: { $0.name < $1.name }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for (labels, instrument) in family.series {
                switch instrument {
                case .counter(let counter): text += line(name, labels, "\(counter.value)")
                case .gauge(let gauge): text += line(name, labels, Metrics.number(gauge.value))
                case .computed(let value): text += line(name, labels, Metrics.number(value()))
                case .histogram(let histogram): text += lines(name, labels, histogram)
                }
            }
        }
        return text
    }

    private func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
        var text = ""
        var total: UInt64 = 0
        let prefix = labels.isEmpty ? "" : labels + ","
        for (position, count) in histogram.counts.enumerated() {
            total += count
            let isLast = position == histogram.bounds.count
            let bound = isLast ? "+Inf" : Metrics.number(histogram.bounds[position])
            text += line("\(name)_bucket", "\(prefix)le=\"\(bound)\"", "\(total)")
        }
        text += line("\(name)_sum", labels, Metrics.number(histogram.sum))
        return text + line("\(name)_count", labels, "\(histogram.count)")
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }
}
