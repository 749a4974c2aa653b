internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

extension BinanceSpotVenue {
    internal func answerAccount(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .account:
            writeAccount(try parameters.boolean("omitZeroBalances") ?? false, key, &out)
        case .commission: writeCommission(try market(parameters), &out)
        case .orderRateLimit:
            out.beginArray()
            let account = desk.accounts[desk.serving].name
            let used = gate.usedOrders(account: account, wall: wall)
            for (window, used) in zip(gate.limits.orders, used) {
                window.write("ORDERS", used: used, &out)
            }
            out.endArray()
        case .filters:
            _ = try market(parameters)
            writeMyFilters(&out)
        case .preventedMatches: try writePreventions(parameters, &out)
        case .allocations:
            _ = try market(parameters)
            out.beginArray()
            out.endArray()
        case .marginPairs:
            // There is no margin trading; clients ask at their start all the same.
            out.beginArray()
            out.endArray()
        case .systemStatus:
            out.beginObject()
            out.field("status", 0)
            out.field("msg", "normal")
            out.endObject()
        case .coins: writeCoins(&out)
        case .tradeFee: try writeTradeFee(parameters, &out)
        case .restrictions: writeRestrictions(key, &out)
        case .accountStatus:
            out.beginObject()
            out.field("data", "Normal")
            out.endObject()
        case .tradingStatus: writeTradingStatus(&out)
        case .userAssets: writeUserAssets(parameters["asset"], &out)
        case _: preconditionFailure("only account endpoints are answered here")
        }
    }

    /// Self-trades that were prevented: one by its number, or those of an order.
    private func writePreventions(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(parameters)
        let matchID = try parameters.integer("preventedMatchId")
        let orderID = try parameters.integer("orderId")
        if matchID == nil, orderID == nil { throw .missingEither("preventedMatchId", "orderId") }
        let first = try parameters.integer("fromPreventedMatchId") ?? 0
        let found = desk.stakes[number].preventions.filter {
            if let matchID { return $0.matchID == matchID }
            return $0.matchID >= first
                && ($0.takerOrderID == orderID || $0.makerOrderID == orderID)
        }
        out.beginArray()
        for prevention in found.prefix(try parameters.limit(500, most: 1_000)) {
            BinanceOrderBodies.write(prevention, &out)
        }
        out.endArray()
    }

    // MARK: account

    private func writeAccount(_ omitsZero: Bool, _ key: ExchangeKey?, _ out: inout JSONWriter) {
        let (maker, taker) = (desk.settings.makerFee, desk.settings.takerFee)
        out.beginObject()
        out.field("makerCommission", Int64(clamping: maker.units / 100_000_000))
        out.field("takerCommission", Int64(clamping: taker.units / 100_000_000))
        out.field("buyerCommission", 0)
        out.field("sellerCommission", 0)
        out.key("commissionRates")
        writeRates(maker, taker, &out)
        out.field("canTrade", key?.role == .trade)
        out.field("canWithdraw", false)
        out.field("canDeposit", true)
        out.field("brokered", false)
        out.field("requireSelfTradePrevention", false)
        out.field("preventSor", false)
        out.field("updateTime", desk.updatedAt)
        out.field("accountType", "SPOT")
        out.key("balances")
        out.beginArray()
        for balance in desk.balances.rows where !omitsZero || !balance.total.isZero {
            out.beginObject()
            out.field("asset", balance.asset)
            out.field("free", units: balance.free.units, places: 8)
            out.field("locked", units: balance.locked.units, places: 8)
            out.endObject()
        }
        out.endArray()
        out.key("permissions")
        out.beginArray()
        out.value("SPOT")
        out.endArray()
        out.field("uid", 354_937_868)
        out.endObject()
    }

    private func writeRates(_ maker: Ratio, _ taker: Ratio, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("maker", units: maker.units, places: 8)
        out.field("taker", units: taker.units, places: 8)
        out.field("buyer", units: 0, places: 8)
        out.field("seller", units: 0, places: 8)
        out.endObject()
    }

    internal func writeDiscount(_ out: inout JSONWriter) {
        out.key("discount")
        out.beginObject()
        out.field("enabledForAccount", false)
        out.field("enabledForSymbol", false)
        out.field("discountAsset", "BNB")
        out.field("discount", "0.75000000")
        out.endObject()
    }

    private func writeCommission(_ number: Int, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", desk.instruments[number].symbol.name)
        out.key("standardCommission")
        writeRates(desk.settings.makerFee, desk.settings.takerFee, &out)
        out.key("specialCommission")
        writeRates(.zero, .zero, &out)
        out.key("taxCommission")
        writeRates(.zero, .zero, &out)
        writeDiscount(&out)
        out.endObject()
    }

    private func writeMyFilters(_ out: inout JSONWriter) {
        out.beginObject()
        for name in ["exchangeFilters", "symbolFilters", "assetFilters"] {
            out.key(name)
            out.beginArray()
            out.endArray()
        }
        out.endObject()
    }

    // MARK: wallet

    private func writeCoins(_ out: inout JSONWriter) {
        out.beginArray()
        for balance in desk.balances.rows {
            out.beginObject()
            out.field("coin", balance.asset)
            out.field("depositAllEnable", true)
            out.field("withdrawAllEnable", false)
            out.field("name", balance.asset)
            out.field("free", units: balance.free.units)
            out.field("locked", units: balance.locked.units)
            for name in ["freeze", "withdrawing", "ipoing", "ipoable", "storage"] {
                out.key(name)
                out.value("0")
            }
            out.field("isLegalMoney", false)
            out.field("trading", true)
            out.key("networkList")
            out.beginArray()
            out.endArray()
            out.endObject()
        }
        out.endArray()
    }

    private func writeTradeFee(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        var numbers = Array(desk.instruments.indices)
        if parameters["symbol"] != nil { numbers = [try market(parameters)] }
        out.beginArray()
        for number in numbers {
            out.beginObject()
            out.field("symbol", desk.instruments[number].symbol.name)
            out.field("makerCommission", units: desk.settings.makerFee.units)
            out.field("takerCommission", units: desk.settings.takerFee.units)
            out.endObject()
        }
        out.endArray()
    }

    private func writeRestrictions(_ key: ExchangeKey?, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("ipRestrict", false)
        out.field("createTime", 1_698_645_219_000)
        out.field("enableReading", true)
        out.field("enableWithdrawals", false)
        out.field("enableInternalTransfer", false)
        out.field("enableMargin", false)
        out.field("enableFutures", false)
        out.field("permitsUniversalTransfer", false)
        out.field("enableVanillaOptions", false)
        out.field("enableFixApiTrade", false)
        out.field("enableFixReadOnly", false)
        out.field("enableSpotAndMarginTrading", key?.role == .trade)
        out.field("enablePortfolioMarginTrading", false)
        out.endObject()
    }

    private func writeTradingStatus(_ out: inout JSONWriter) {
        out.beginObject()
        out.key("data")
        out.beginObject()
        out.field("isLocked", false)
        out.field("plannedRecoverTime", 0)
        out.key("triggerCondition")
        out.beginObject()
        out.endObject()
        out.field("updateTime", 0)
        out.endObject()
        out.endObject()
    }

    private func writeUserAssets(_ asset: String?, _ out: inout JSONWriter) {
        out.beginArray()
        for balance in desk.balances.rows
        where balance.total.isPositive && (asset == nil || asset == balance.asset) {
            out.beginObject()
            out.field("asset", balance.asset)
            out.field("free", units: balance.free.units)
            out.field("locked", units: balance.locked.units)
            out.field("freeze", "0")
            out.field("withdrawing", "0")
            out.field("ipoable", "0")
            out.field("btcValuation", "0")
            out.endObject()
        }
        out.endArray()
    }
}
