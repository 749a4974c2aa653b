import Bytes
package import Chronology

/// One line of the log in its two forms.
struct LogLine {
    let at: WallTime
    let level: LogLevel
    let process: String
    let event: String
    let fields: LogFields

    /// One JSON object: `at`, `level`, `service`, `event`, then the fields.
    var json: String {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.field("at", CivilTime(at).text)
        writer.field("level", level.name)
        writer.field("service", process)
        writer.field("event", event)
        for (name, value) in fields {
            writer.key(name)
            if let number = value as? any BinaryInteger, let whole = Int64(exactly: number) {
                writer.value(whole)
            } else if let flag = value as? Bool {
                writer.value(flag)
            } else {
                writer.value(value.description)
            }
        }
        writer.endObject()
        return writer.text
    }

    /// `12:30:01.250 info  event  name=value …`, for people.
    var text: String {
        var line = CivilTime(at).timeOfDay + " " + level.name
        line += String(repeating: " ", count: 6 - level.name.utf8.count) + event
        for (name, value) in fields {
            let text = value.description
            let needsQuotes = text.isEmpty || text.utf8.contains { $0 <= 0x20 || $0 == 0x22 }
            line += "  \(name)=" + (needsQuotes ? LogLine.quoted(text) : text)
        }
        return line
    }

    private static func quoted(_ text: String) -> String {
        var writer = ByteWriter(capacity: text.utf8.count + 8)
        JSONText.write(text, into: &writer)
        return String(writer.rawSpan)
    }
}

/// A wall time in UTC as people write it (ISO 8601, proleptic Gregorian calendar).
package struct CivilTime: Equatable, Sendable {
    package let year: Int64
    package let month: Int64
    package let day: Int64
    private let millisecondOfDay: Int64

    /// Splits a time; the calendar algorithm is Howard Hinnant's `civil_from_days`.
    package init(_ time: WallTime) {
        let dayLength: Int64 = 86_400_000
        var days = time.milliseconds / dayLength
        var rest = time.milliseconds % dayLength
        if rest < 0 {
            rest += dayLength
            days -= 1
        }
        millisecondOfDay = rest
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2026-11-21T03:07:11.250Z`.
    package var text: String {
        "\(CivilTime.padded(year, 4))-\(CivilTime.padded(month, 2))-\(CivilTime.padded(day, 2))T"
            + timeOfDay + "Z"
    }

    /// `03:07:11.250`.
    package var timeOfDay: String {
        let seconds = millisecondOfDay / 1000
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map {
            CivilTime.padded($0, 2)
        }
        return clock.joined(separator: ":") + "." + CivilTime.padded(millisecondOfDay % 1000, 3)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
