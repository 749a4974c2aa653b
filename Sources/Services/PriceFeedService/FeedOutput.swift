import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Trading

/// Encodes ticks and records in reused memory and hands them to Redis.
@LoopActor struct FeedOutput: ~Copyable {
    /// A symbol's name and channel as bytes, so that a tick makes no text.
    private struct Route {
        let symbol: Symbol
        let name: [UInt8]
        let channel: [UInt8]
        let depthChannel: [UInt8]

        init(_ symbol: Symbol, _ keys: BusKeys) {
            self.symbol = symbol
            name = Array(symbol.name.utf8)
            channel = Array(keys.tickChannel(symbol).utf8)
            depthChannel = Array(keys.depthChannel(symbol).utf8)
        }
    }

    /// By slot.
    private var routes: [Route] = []
    private var payload = ByteWriter(capacity: 1_024)
    private var commands = ByteWriter(capacity: 4_096)

    /// How long a price record outlives its last write.
    private static let recordLifetime = Interval.seconds(60)

    init() {}

    /// Publishes a tick; allocates nothing once the slot's route is known.
    /// - Returns: whether Redis took it.
    @inline(__always)
    mutating func publish(
        _ tick: Tick, slot: Int, symbol: Symbol, _ keys: BusKeys, _ redis: RedisClient
    ) -> Bool {
        if slot >= routes.count || routes[slot].symbol != symbol { route(slot, symbol, keys) }
        payload.removeAll()
        let name = routes[slot].name
        tick.write(symbol: name.rawSpan, into: &payload)
        let channel = routes[slot].channel
        return redis.publish(channel.rawSpan, payload.rawSpan)
    }

    @inline(never)
    private mutating func route(_ slot: Int, _ symbol: Symbol, _ keys: BusKeys) {
        while routes.count <= slot { routes.append(Route(symbol, keys)) }
        routes[slot] = Route(symbol, keys)
    }

    /// Writes a price record, which expires by itself.
    mutating func store(
        _ record: PriceRecord, _ symbol: Symbol, _ keys: BusKeys, _ redis: RedisClient
    ) -> Bool {
        let key = keys.price(symbol)
        commands.removeAll()
        hash(key, record.fields)
        RESPWriter.command(3, into: &commands)
        RESPWriter.argument("PEXPIRE", into: &commands)
        RESPWriter.argument(text: key, into: &commands)
        RESPWriter.argument(integer: FeedOutput.recordLifetime.milliseconds, into: &commands)
        return redis.write(commands.rawSpan)
    }

    /// Publishes a slot's best levels.
    /// - Returns: whether Redis took them; true where there are none now.
    mutating func publishDepth(
        _ desk: inout FeedDesk, _ slot: Int, now: Instant, wall: WallTime, _ keys: BusKeys,
        _ redis: RedisClient
    ) -> Bool {
        let symbol = desk.symbol(at: slot)
        if slot >= routes.count || routes[slot].symbol != symbol { route(slot, symbol, keys) }
        payload.removeAll()
        let route = routes[slot]
        let isWritten = desk.writeDepth(
            slot, symbol: route.name.rawSpan, now: now, wall: wall, isStored: false,
            into: &payload)
        guard isWritten else { return true }
        return redis.publish(route.depthChannel.rawSpan, payload.rawSpan)
    }

    /// Writes a slot's best levels to their key, which expires by itself.
    mutating func storeDepth(
        _ desk: inout FeedDesk, _ slot: Int, now: Instant, wall: WallTime, _ keys: BusKeys,
        _ redis: RedisClient
    ) -> Bool {
        let symbol = desk.symbol(at: slot)
        if slot >= routes.count || routes[slot].symbol != symbol { route(slot, symbol, keys) }
        payload.removeAll()
        let route = routes[slot]
        let isWritten = desk.writeDepth(
            slot, symbol: route.name.rawSpan, now: now, wall: wall, isStored: true,
            into: &payload)
        guard isWritten else { return true }
        commands.removeAll()
        RESPWriter.command(5, into: &commands)
        RESPWriter.argument("SET", into: &commands)
        RESPWriter.argument(text: keys.depth(symbol), into: &commands)
        RESPWriter.argument(text: String(payload.rawSpan), into: &commands)
        RESPWriter.argument("PX", into: &commands)
        RESPWriter.argument(integer: FeedOutput.depthLifetime.milliseconds, into: &commands)
        return redis.write(commands.rawSpan)
    }

    /// How long the levels of a book outlive their last write.
    private static let depthLifetime = Interval.seconds(10)

    /// Writes an instrument's record and its place in the set of instruments.
    mutating func store(
        _ instrument: Instrument, _ stamp: RecordStamp, _ keys: BusKeys, _ redis: RedisClient
    ) -> Bool {
        commands.removeAll()
        hash(keys.instrument(instrument.symbol), InstrumentRecord.fields(instrument, stamp: stamp))
        RESPWriter.command(3, into: &commands)
        RESPWriter.argument("SADD", into: &commands)
        RESPWriter.argument(text: keys.instruments, into: &commands)
        RESPWriter.argument(text: instrument.symbol.name, into: &commands)
        return redis.write(commands.rawSpan)
    }

    private mutating func hash(_ key: String, _ fields: [(String, String)]) {
        RESPWriter.command(2 + 2 * fields.count, into: &commands)
        RESPWriter.argument("HSET", into: &commands)
        RESPWriter.argument(text: key, into: &commands)
        for (name, value) in fields {
            RESPWriter.argument(text: name, into: &commands)
            RESPWriter.argument(text: value, into: &commands)
        }
    }
}
