/// What `paper-exchange --help` says besides the variables.
package enum PaperHelp {
    package static var text: String {
        """
        One port, PMS_PAPER_PORT, serves all exchanges, told apart by path:
          futures  REST /fapi; streams /ws /stream /public /market /private; orders /ws-fapi/v1
          spot     REST /api /sapi or under /spot; streams /spot/ws /spot/stream; /ws-api/v3
          mexc     under /mexc: REST /mexc/api/v3, streams /mexc/ws
        or by host name: spot., api., stream., ws-api. and mexc., wbs-api. point at the last two.
        A client needs its base URL set to http://127.0.0.1:9010 (spot: /spot, MEXC: /mexc) and the
        key PMS_PAPER_API_KEY with its secret; the read key may not trade. PMS_PAPER_ACCOUNTS lists keys
        of further accounts, each with balances, orders, positions and streams of its own on all
        three; they trade with the background and with each other. An operation (trade, liquidate, …)
        is at the main account, or at the account of target.key.

        PMS_HTTP_PORT serves /healthz, /readyz, /metrics, and for this machine only:
          POST   /paper/faults        a fault, an array of them, or {"faults":[…]}
          GET    /paper/faults        those in force and how often they struck
          DELETE /paper/faults[/ID]   end all, or one; none survives a restart
          GET    /paper/kinds         every kind with what it takes
          GET    /paper/truth         orders, trades, positions, balances, arrivals
                                      (?exchange=NAME, ?part=NAME)
          GET    /paper/state         a summary
        pms paper faults|truth|trade|move wraps these.

        A fault is {"kind":…} with, where wanted, probability (0 to 1), count, duration_ms, seed, and
        target {exchange, method, path (* at its end: all that begin so), symbol, stream (user:
        user events), key, client_id_prefix}. Messages of WebSocket APIs have the method WS and the
        message's method as path. Kinds, what they do, what they take:
        \(kinds)
        A recording for --replay has lines "<local receive ns> <raw frame>": bookTicker, trade and depth
        frames of one futures symbol, bare or combined, and REST snapshots between them. It begins
        again at its end; orders rest among the recorded levels and are hit by recorded trades.
        The accounts are kept in PMS_PAPER_DATA, one <exchange>.journal each: what was answered is on
        file first. A line torn by a crash is cut; damage elsewhere is reported with its line, and
        the process does not start without --fresh. A journal that cannot be written ends the process
        with code 1; nothing is answered after that.
        """
    }

    private static var kinds: String {
        FaultKind.allCases.map { kind in
            let takes = kind.parameters.isEmpty ? "" : " (\(kind.parameters))"
            return "  \(kind.rawValue): \(kind.meaning)\(takes)\n"
        }.joined()
    }
}
