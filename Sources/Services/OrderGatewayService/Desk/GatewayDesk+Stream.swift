import BusProtocol
import Chronology
import Orders
import Trading
import VenueProtocol

/// The user stream's second clock, and what the venue says of instruments and balances.
extension GatewayDesk {
    /// A stream that answers pings and pushes nothing: an order the venue has taken was not told of
    /// within the patience, whether queries have ended it since or not. It is replaced, and the gap
    /// closed by queries before new risk is taken (T2).
    mutating func checkStream(_ turn: inout Turn) {
        guard isStreamOpen else {
            unheard = DueTimes()
            return
        }
        guard let first = unheard.due(by: turn.now).first else { return }
        unheard = DueTimes()
        turn.act(
            .alert(
                code: "stream_silent", "the user stream did not tell of an order: it is replaced",
                ["order": first.text]))
        streamClosed(&turn)
        turn.act(.openStream)
    }

    /// An instrument that does not trade any more keeps no order of ours (I4).
    mutating func instrumentChanged(_ instrument: Instrument, _ turn: inout Turn) {
        let wasTrading = instruments[instrument.symbol]?.status == .trading
        instruments[instrument.symbol] = instrument
        instrumentsAt[instrument.symbol] = turn.now
        rulesChanged(instrument, &turn)
        guard instrument.status != .trading else { return }
        let ids = orders.keys.sorted().filter {
            orders[$0]?.symbol == instrument.symbol && orders[$0]?.life.isFinal == false
        }
        let fresh = ids.filter { orders[$0]?.life.wantsCancel == false }
        for id in fresh { takeBack(id, &turn) }
        guard wasTrading || !fresh.isEmpty else { return }
        turn.act(
            .alert(
                code: "instrument_not_trading", "its orders are cancelled",
                [
                    "symbol": instrument.symbol.name, "status": instrument.status.text,
                    "orders": "\(fresh.count)",
                ]))
    }

    /// Takes over what was read of an instrument beside price and risk, unless newer is known: what is read
    /// for one order checks others for a moment.
    mutating func adoptInstrument(_ facts: MarketFacts, _ turn: Turn) {
        if let found = facts.instrument { adopt(found, readAt: facts.readAt, turn) }
    }

    /// Takes over what was read of an instrument, unless it was told anew since.
    /// - Parameter readAt: when Redis was asked; nil for just now.
    mutating func adopt(_ found: Instrument, readAt: Instant?, _ turn: Turn) {
        guard readAt ?? turn.now >= instrumentsAt[found.symbol] ?? .distantPast else { return }
        instruments[found.symbol] = found
    }

    /// Somebody changed the account at the venue, or changed it back (T9).
    mutating func accountChecked(_ problem: String?, _ turn: inout Turn) {
        defer { unfit = problem }
        guard let problem, problem != unfit else { return }
        turn.act(
            .alert(
                code: "account_changed", "only orders that reduce pass until it is mended",
                ["problem": problem]))
    }

    mutating func holdingsAnswered(
        _ number: Int64, _ list: [VenueHolding]?, _ turn: inout Turn
    ) {
        guard number == generation, let list else { return }
        holdings = [:]
        for holding in list { holdings[holding.asset] = holding }
        if fence != nil { turn.act(.saveHoldings(list, isWhole: true)) }
    }
}
