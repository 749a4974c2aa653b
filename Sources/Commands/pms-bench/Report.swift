import Glibc

/// Writes figures on standard output: aligned text, or one JSON object a line.
struct Report {
    let isJSON: Bool

    func line(_ figure: Figure) -> String {
        let ratio = figure.ratio
        guard isJSON else {
            let name = figure.name.padded(to: 32)
            let value = Report.text(figure.value).padded(to: 14, atStart: true)
            let unit = " " + figure.unit.padded(to: 10)
            let floor = figure.floor.map { "floor " + Report.text($0).padded(to: 12) } ?? ""
            return name + value + unit + floor + (ratio.map { "ratio " + Report.text($0) } ?? "")
        }
        return "{\"figure\":\"\(figure.name)\",\"value\":\(Report.text(figure.value)),"
            + "\"unit\":\"\(figure.unit)\",\"floor\":\(figure.floor.map(Report.text) ?? "null"),"
            + "\"ratio\":\(ratio.map(Report.text) ?? "null")}"
    }

    func write(_ figures: [Figure]) {
        for figure in figures { Report.put(line(figure), to: STDOUT_FILENO) }
    }

    /// Writes one line at once.
    static func put(_ line: String, to descriptor: Int32) {
        let bytes = Array((line + "\n").utf8)
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress! + start, buffer.count - start)
            }
            if written <= 0 { return }
            start += written
        }
    }

    /// A number with two decimals, or none from 10,000 on.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value.magnitude >= 10_000 { return "\(Int64(value.rounded()))" }
        let hundredths = Int64((value.magnitude * 100).rounded())
        let rest = hundredths % 100
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension String {
    fileprivate func padded(to width: Int, atStart: Bool = false) -> String {
        let gap = String(repeating: " ", count: max(0, width - count))
        return atStart ? gap + self : self + gap
    }
}
