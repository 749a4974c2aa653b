import Bytes
import Reactor
import Trading
import VenueProtocol

/// Reads the venue's list of funding payments to its end.
@LoopActor enum FundingPages {
    /// Pages at most; beyond that the rest is read once these are booked.
    private static let limit = 50

    /// All payments since a time, each once.
    /// - Parameter ask: brings the body of the venue's answer.
    static func payments(
        sinceMilliseconds: Int64, _ ask: @LoopActor (VenueRequest) async throws -> [UInt8]
    ) async throws -> [FundingPayment] {
        var payments: [FundingPayment] = []
        // A row that appears late moves those behind it to another page.
        var known: Set<String> = []
        for number in 1...limit {
            let body = try await ask(
                BinanceFutures.fundingPayments(sinceMilliseconds: sinceMilliseconds, page: number))
            let page = try BinanceFutures.decodeFundingPage(body.rawSpan)
            for payment in page.payments {
                let id = "\(payment.symbol) \(payment.transactionID)"
                if known.insert(id).inserted { payments.append(payment) }
            }
            if page.rows < BinanceFutures.fundingPageRows { break }
        }
        return payments
    }
}
