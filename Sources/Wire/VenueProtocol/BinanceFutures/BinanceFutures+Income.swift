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
    /// Rows of a full page of funding: the venue's most.
    package static let fundingPageRows = 1_000

    /// A page of funding since a time, oldest first; the venue tells of the last three months.
    /// - Parameter page: 1 is the first.
    package static func fundingPayments(sinceMilliseconds: Int64, page: Int = 1) -> VenueRequest {
        VenueRequest(
            .get, "/fapi/v1/income",
            [
                VenueRequest.Parameter("incomeType", "FUNDING_FEE"),
                VenueRequest.Parameter("startTime", String(sinceMilliseconds)),
                VenueRequest.Parameter("page", String(page)),
                VenueRequest.Parameter("limit", String(fundingPageRows)),
            ], security: .signed, weight: 30)
    }

    /// Reads a page of an income history; what is no funding of a symbol is counted alone.
    package static func decodeFundingPage(
        _ bytes: RawSpan
    ) throws(JSONError) -> (payments: [FundingPayment], rows: Int) {
        var scanner = JSONScanner(bytes)
        var payments: [FundingPayment] = []
        var rows = 0
        try scanner.enterArray()
        while try scanner.nextElement() {
            rows += 1
            if let payment = try readPayment(&scanner) { payments.append(payment) }
        }
        try scanner.finish()
        return (payments, rows)
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
