/// The fields of hashes and of entries of streams. What stands in brackets in a name is any text.
extension KeyDescription {
    /// Who wrote it, when, and as which number of its own.
    private static let stamp = "seq writer at_ms"

    /// By the pattern of the key.
    package static let fieldNames: [String: String] = [
        "instrument:<SYM>":
            "symbol status base quote tick min_price max_price step min_qty max_qty market_min_qty "
            + "market_max_qty min_notional band_up band_down \(stamp)",
        "price:<SYM>":
            "bid bid_qty ask ask_qty mid mark index book_ms mark_ms source state \(stamp)",
        "budget:<BUCKET>": "limit window_ms spent observed n:<PART> writer at_ms",
        "budget:limits": "<BUCKET> writer at_ms",
        "account:<A>": "name code status max_order_notional max_orders_per_second \(stamp)",
        "account-codes": "<CODE>",
        "balance:<A>": "deposits realised fees funding wallet version \(stamp)",
        "position:<A>:<SYM>": "qty entry realised fees version \(stamp)",
        "ledger":
            "seq kind account symbol trade_id order venue_order_id side price qty fee fee_asset "
            + "realised position entry position_version wallet balance_version cause at_ms writer",
        "risk:<A>":
            "account wallet equity unrealised maintenance initial available margin_ratio tier "
            + "account_move price_stale brackets_default ledger_seq symbols <SYM>:qty <SYM>:entry "
            + "<SYM>:mark <SYM>:pnl <SYM>:maintenance <SYM>:liquidation \(stamp)",
        "tier:<A>":
            "account tier margin_ratio phase closes_all decision step step_ms step_tier step_ratio "
            + "step_symbol step_side step_qty step_held step_maintenance day day_start peak "
            + "lost_today trip trip_value trip_limit trip_ms fence \(stamp)",
        "decisions":
            "seq kind account tier margin_ratio equity maintenance ledger_seq marks step symbol "
            + "side qty held position_maintenance command result at_ms writer",
        "order:<ID>": "\(order) \(booked) \(stamp)",
        "orders": "\(order) \(stamp)",
        "algo:<ID>":
            "id kind account symbol status reason detail "
            + AlgoRecord.shownNames.joined(separator: " ")
            + " parameters state revision started_ms \(stamp)",
        "state": "state why by fence \(stamp)",
        "state:<A>": "state why by fence \(stamp)",
        "heartbeat:<SERVICE>:<INSTANCE>":
            "service instance pid build started_ms ready reasons \(stamp)",
        "holdings": "<ASSET>.free <ASSET>.locked \(stamp)",
        "allocation": "seq \(AllocationRecord.order.joined(separator: " ")) fence save",
        "allocations": "seq \(AllocationRecord.order.joined(separator: " "))",
        "reducing": "<SYM>",
        "archive": "seq link file writer at_ms",
        "sync":
            "result reason symbols busy differences orders_unknown orders_missing trades_applied "
            + "ledger_seq money_offset \(stamp)",
    ]

    private static let order =
        "id account symbol side type tif qty price reduce_only request status venue_order_id code "
        + "reason intent_ms sent_ms revision owner owner_fence expires_ms"
    /// What the ledger has booked of an order.
    private static let booked =
        "executed executed_notional average fees fee_asset trade_ids booked_at_mark "
        + "booked_at_mark_for other_fees"

    /// The fields of one key's record or entries; none where it has none.
    package var fields: [String] {
        guard kind == "hash" || kind == "stream" else { return [] }
        return KeyDescription.fieldNames[pattern, default: ""].split(separator: " ").map(String.init)
    }

    /// Whether a key or channel, without what all begin with, is one of these.
    package func covers(_ name: String) -> Bool { KeyDescription.covers(pattern[...], name[...]) }

    /// The lines about a key or channel, or about all whose names begin with a word.
    /// - Parameter name: with or without what all of a venue begin with.
    package static func found(_ name: String, _ keys: BusKeys) -> [KeyDescription] {
        let name = name.hasPrefix(keys.prefix) ? String(name.dropFirst(keys.prefix.count)) : name
        return catalogue.filter {
            $0.covers(name) || $0.pattern == name || $0.pattern.hasPrefix(name + ":")
        }
    }

    /// Whether a field is one of those named.
    package func names(field: String) -> Bool {
        fields.contains { KeyDescription.covers($0[...], field[...]) }
    }

    private static func covers(_ pattern: Substring, _ text: Substring) -> Bool {
        guard let open = pattern.firstIndex(of: "<"),
            let close = pattern[open...].firstIndex(of: ">")
        else { return pattern == text }
        let start = pattern[..<open]
        guard text.hasPrefix(start) else { return false }
        let rest = pattern[pattern.index(after: close)...]
        let tail = text.dropFirst(start.count)
        if rest.isEmpty { return !tail.isEmpty }
        return tail.indices.dropFirst().contains { covers(rest, tail[$0...]) }
    }
}
