package import Bytes
package import Trading

/// One funding payment, as the venue's income history tells it.
package struct FundingPayment: Equatable, Sendable {
    package var symbol: Symbol
    /// Received; negative where it was paid.
    package var amount: Money
    package var asset: String
    package var transactionID: Int64
    package var timeMilliseconds: Int64

    package init(
        symbol: Symbol, amount: Money, asset: String, transactionID: Int64, timeMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.amount = amount
        self.asset = asset
        self.transactionID = transactionID
        self.timeMilliseconds = timeMilliseconds
    }
}

extension BinanceFutures {
    /// Funding since a time, oldest first, at most 1,000; the venue tells of the last three months.
    package static func fundingPayments(sinceMilliseconds: Int64) -> VenueRequest {
        VenueRequest(
            .get, "/fapi/v1/income",
            [
                VenueRequest.Parameter("incomeType", "FUNDING_FEE"),
                VenueRequest.Parameter("startTime", String(sinceMilliseconds)),
                VenueRequest.Parameter("limit", "1000"),
            ], security: .signed, weight: 30)
    }

    /// Reads an income history; what is no funding of a symbol is left out.
    package static func decodeFundingPayments(
        _ bytes: RawSpan
    ) throws(JSONError) -> [FundingPayment] {
        var scanner = JSONScanner(bytes)
        var payments: [FundingPayment] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            if let payment = try readPayment(&scanner) { payments.append(payment) }
        }
        try scanner.finish()
        return payments
    }

    private static func readPayment(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> FundingPayment? {
        var symbol: Symbol?
        var kind = ""
        var asset = ""
        var amount = Money.zero
        var number: Int64 = 0
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = Symbol(try scanner.text())
            case "incomeType": kind = try scanner.text()
            case "income": amount = try scanner.decimal()
            case "asset": asset = try scanner.text()
            case "tranId": number = try scanner.integer()
            case "time": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        guard let symbol, kind == "FUNDING_FEE" else { return nil }
        guard number != 0, time > 0 else {
            throw JSONError(.missingField, offset: scanner.offset, field: "tranId")
        }
        return FundingPayment(
            symbol: symbol, amount: amount, asset: asset, transactionID: number,
            timeMilliseconds: time)
    }
}
