import BusProtocol
import Bytes
import Chronology
import RedisLink

/// Encodes a snapshot's commands in reused memory, with no text for a field.
struct SnapshotWriter: ~Copyable {
    /// The fields of a hash as arguments.
    private struct HashArguments: ~Copyable, RecordSink {
        var bytes = ByteWriter(capacity: 8_192)
        var count = 0

        mutating func take(_ name: FieldName, text: String) {
            take(name)
            RESPWriter.argument(text: text, into: &bytes)
        }

        mutating func take(_ name: FieldName, integer: Int64) {
            take(name)
            RESPWriter.argument(integer: integer, into: &bytes)
        }

        mutating func take(_ name: FieldName, units: Int128) {
            take(name)
            RESPWriter.argument(into: &bytes) { DecimalText.write(units, into: &$0) }
        }

        private mutating func take(_ name: FieldName) {
            count += 2
            if name.subject.isEmpty { return RESPWriter.argument(name.name, into: &bytes) }
            RESPWriter.argument(into: &bytes) {
                $0.append(name.subject)
                $0.append(name.name)
            }
        }
    }

    private var fields = HashArguments()
    private var notice = FieldObject()

    /// The change of the snapshot as one step, so that no reader sees half of it, and then what is
    /// told of it.
    /// - Parameter earlier: the snapshot that it is written over; nil where it takes its place as a
    ///   whole.
    mutating func write(
        _ record: RiskRecord, over earlier: RiskRecord?, key: String, channel: RawSpan,
        into bytes: inout ByteWriter
    ) {
        fields.bytes.removeAll()
        fields.count = 0
        record.write(changedFrom: earlier, into: &fields)
        if earlier == nil {
            RESPWriter.command(1, into: &bytes)
            RESPWriter.argument("MULTI", into: &bytes)
            RESPWriter.command(2, into: &bytes)
            RESPWriter.argument("DEL", into: &bytes)
            RESPWriter.argument(text: key, into: &bytes)
        }
        RESPWriter.command(2 + fields.count, into: &bytes)
        RESPWriter.argument("HSET", into: &bytes)
        RESPWriter.argument(text: key, into: &bytes)
        bytes.append(fields.bytes.rawSpan)
        RESPWriter.command(3, into: &bytes)
        RESPWriter.argument("PEXPIRE", into: &bytes)
        RESPWriter.argument(text: key, into: &bytes)
        RESPWriter.argument(integer: RiskLimits.snapshotTimeToLive.milliseconds, into: &bytes)
        if earlier == nil {
            RESPWriter.command(1, into: &bytes)
            RESPWriter.argument("EXEC", into: &bytes)
        }
        notice.begin()
        record.writeNotice(into: &notice)
        notice.end()
        RESPWriter.publish(channel, notice.rawSpan, into: &bytes)
    }
}
