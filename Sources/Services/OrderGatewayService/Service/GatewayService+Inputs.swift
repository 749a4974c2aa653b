import BusProtocol
import Bytes
import Orders
import Reactor
import RedisLink
import Runtime
import Trading

/// Prices and commands, on their way to the desk.
extension GatewayService {
    // MARK: prices

    /// Listens to the prices of exactly these symbols.
    func watchTicks(_ symbols: [Symbol]) {
        let wanted = Set(symbols)
        for (symbol, inbox) in ticks where !wanted.contains(symbol) {
            host.subscriber.unsubscribe(host.keys.tickChannel(symbol), inbox)
            ticks[symbol] = nil
        }
        for symbol in symbols where ticks[symbol] == nil {
            let inbox = TickInbox { [weak self] tick in self?.ticked(symbol, tick) }
            ticks[symbol] = inbox
            store.demand(symbol, wall: host.loop.wallNow)
            _ = host.subscriber.subscribe(host.keys.tickChannel(symbol), inbox)
        }
    }

    /// A price goes to the desk past the events, unless one is being decided.
    private func ticked(_ symbol: Symbol, _ tick: Tick) {
        guard !isStopping, !isDeciding else { return }
        desk.ticked(
            symbol, bid: tick.bid, ask: tick.ask, now: host.loop.now, wall: host.loop.wallNow,
            &tickActions)
        guard !tickActions.isEmpty else { return }
        let actions = tickActions
        tickActions.removeAll(keepingCapacity: true)
        isDeciding = true
        for action in actions { carryOut(action) }
        isDeciding = false
        decidePending()
    }

    // MARK: commands

    /// A command over HTTP: with Redis there only the one that leads takes it, without it the desk
    /// knows whether it may.
    func commandPosted(_ command: Command) {
        let isStandby = host.redis.isUp && lease.fence == nil
        if isStopping || preflight != nil || isStandby {
            let reason =
                isStopping ? "stopping" : preflight ?? "another gateway leads: ask that one"
            let code: RefusalCode = isStandby ? .leaseLost : .notReady
            return carryOut(
                .reply(.refused(command.id, code.description, reason), to: command.from))
        }
        tell(.command(command))
    }

    func commandReceived(_ bytes: RawSpan) {
        do throws(RecordError) {
            let command = try Command.decode(bytes)
            // A name of the HTTP port's callers; nobody on the bus may take their replies.
            guard !command.from.hasPrefix("http-") else { return }
            // A standby leaves the answer to the one that leads.
            if lease.fence == nil, desk.fence != nil || lease.isHeldElsewhere { return }
            if isStopping || preflight != nil {
                // P6: nothing is begun by a process that was told to stop.
                let reason = isStopping ? "stopping" : preflight ?? "starting"
                store.reply(
                    .refused(command.id, RefusalCode.notReady.description, reason),
                    to: command.from)
                return
            }
            tell(.command(command))
        } catch {
            Log.warn("command unreadable", ["problem": error.description])
        }
    }
}

/// Where commands come in.
@LoopActor final class CommandInbox: RedisMessageHandler {
    var onCommand: (@LoopActor (RawSpan) -> Void)?

    func messageReceived(channel: RawSpan, payload: RawSpan) { onCommand?(payload) }
    func subscriptionEstablished(channel: String) {}
}

/// Where the prices of one symbol come in.
@LoopActor final class TickInbox: RedisMessageHandler {
    private let onTick: @LoopActor (Tick) -> Void

    init(_ onTick: @escaping @LoopActor (Tick) -> Void) { self.onTick = onTick }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let (_, tick) = try? Tick.decode(payload) else { return }
        onTick(tick)
    }

    func subscriptionEstablished(channel: String) {}
}
