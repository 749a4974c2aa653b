package import BusProtocol
package import Reactor
package import RedisLink

/// Reads many order records at once: 1,000 at a take-over, 10,000 of a busy day.
package enum OrderReader {
    /// The records under these keys, in their order; nil for a key that holds none.
    ///
    /// - Throws: where Redis does not answer, or a record is unreadable.
    @LoopActor package static func read(
        _ keys: [String], _ redis: RedisClient
    ) async throws(StoreFailure) -> [OrderRecord?] {
        if keys.isEmpty { return [] }
        let answers = await withCheckedContinuation {
            (continuation: CheckedContinuation<Answers, Never>) in
            let answers = Answers(keys.count) { continuation.resume(returning: $0) }
            for (place, key) in keys.enumerated() {
                redis.readHash(key) { answers.came(place, $0) }
            }
        }
        if let failure = answers.failure { throw failure }
        return answers.records
    }

    /// Records that come one by one, decoded as they do.
    @LoopActor private final class Answers {
        private(set) var records: [OrderRecord?]
        private(set) var failure: StoreFailure?
        private var left: Int
        private var columns = RecordColumns([])
        private let completion: @LoopActor (Answers) -> Void

        init(_ count: Int, _ completion: @escaping @LoopActor (Answers) -> Void) {
            records = Array(repeating: nil, count: count)
            left = count
            self.completion = completion
        }

        func came(_ place: Int, _ record: RedisRecord?) {
            if let record {
                decode(place, record)
            } else {
                failure = StoreFailure(description: "redis did not answer with a record")
            }
            left -= 1
            if left == 0 { completion(self) }
        }

        private func decode(_ place: Int, _ record: RedisRecord) {
            if !columns.isOf(record.names) { columns = RecordColumns(record.names) }
            // Of an order whose record was lost, the ledger may have left what it booked: no record.
            guard !record.isEmpty, columns.has("id") else { return }
            do throws(RecordError) {
                records[place] = try OrderRecord(columns, record.values)
            } catch {
                failure = StoreFailure(description: error.description)
            }
        }
    }
}
