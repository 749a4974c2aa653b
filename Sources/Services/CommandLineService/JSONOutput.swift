import BusProtocol
import Bytes

/// Records as JSON: every value a string, fields in their order.
package enum JSONOutput {
    /// One object and a newline.
    package static func object(_ record: [(String, String)]) -> String {
        String(decoding: FlatJSON.encode(record), as: UTF8.self) + "\n"
    }

    /// One array of objects and a newline.
    package static func array(_ records: [[(String, String)]]) -> String {
        var writer = JSONWriter(capacity: 1024)
        write(records, into: &writer)
        return writer.text + "\n"
    }

    /// One object of arrays and a newline, for a page of several tables.
    package static func page(_ tables: [(String, [[(String, String)]])]) -> String {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        for (name, records) in tables {
            writer.key(name)
            write(records, into: &writer)
        }
        writer.endObject()
        return writer.text + "\n"
    }

    private static func write(_ records: [[(String, String)]], into writer: inout JSONWriter) {
        writer.beginArray()
        for record in records { FlatJSON.write(record, into: &writer) }
        writer.endArray()
    }
}
