import Bytes
import Chronology
import Orders
import Reactor
import Throttles
import Trading
import VenueProtocol

/// Calls about orders, with their answers in the desk's words.
extension VenueLink {
    typealias Objection = @LoopActor () -> String?

    /// Sends an order unless, when its turn comes, there is a reason not to.
    func place(
        _ intent: OrderIntent, unless objection: @escaping Objection,
        _ completion: @escaping @LoopActor (SendOutcome) -> Void
    ) {
        let request: VenueRequest
        do throws(VenueUnsupported) {
            request = try dialect.placeOrder(intent)
        } catch {
            return completion(.rejected(code: 0, error.description))
        }
        call(request, lane(intent), unless: objection) { [dialect] answer in
            completion(VenueLink.sendOutcome(answer, intent, dialect))
        }
    }

    private func lane(_ intent: OrderIntent) -> BudgetLane {
        intent.isReduceOnly ? .protective : .trading
    }

    private static func sendOutcome(
        _ answer: VenueAnswer, _ intent: OrderIntent, _ dialect: any VenueDialect
    ) -> SendOutcome {
        switch answer {
        case .success(let body):
            guard let placed = try? dialect.decodePlacement(body.rawSpan, intent) else {
                return .unknown("the answer is unreadable")
            }
            let named = placed.order.clientOrderID
            guard named.isEmpty || named == intent.clientOrderID.text else {
                return .unknown("the answer is about another order")
            }
            return .accepted(placed.order)
        case .notSent(let text): return .notSent(text)
        case .lost(let text): return .unknown(text)
        case .failure(let failure): return sendOutcome(failure)
        }
    }

    static func sendOutcome(_ failure: VenueFailure) -> SendOutcome {
        let error = failure.error
        switch failure {
        case .duplicateClientID: return .duplicate
        case .unknownOutcome, .alreadyDone: return .unknown(error.description)
        case .retryLater: return .busy(code: error.code, error.message)
        case .definiteReject, .clockSkew, .orderNotFound, .listenKeyGone, .unauthorized, .banned:
            return .rejected(code: error.code, error.message)
        }
    }

    /// Sends several orders in one call, unless there is a reason not to send one of them.
    func placeTogether(
        _ intents: [OrderIntent], unless objection: @escaping Objection,
        _ completion: @escaping @LoopActor (BatchOutcome<SendOutcome>) -> Void
    ) {
        let request: VenueRequest
        do throws(VenueUnsupported) {
            request = try dialect.placeOrders(intents)
        } catch {
            return completion(.notSent(error.description))
        }
        let lane: BudgetLane = intents.allSatisfy(\.isReduceOnly) ? .protective : .trading
        call(request, lane, unless: objection) { [self] answer in
            let read = { [dialect] (body: [UInt8]) in
                try? dialect.decodePlacements(body.rawSpan, intents)
            }
            completion(
                batch(answer, read) { element in
                    switch element {
                    case .order(let order): .accepted(order)
                    case .failure(let error): VenueLink.sendOutcome(judged(error))
                    }
                })
        }
    }

    /// What one element's error means: its code alone, as it has no status of its own.
    private func judged(_ error: VenueError) -> VenueFailure {
        let body = Array("{\"code\":\(error.code),\"msg\":\"\"}".utf8)
        let failure = dialect.classify(
            httpStatus: 400, body: body.rawSpan, isOrder: true, wall: wallNow)
        return failure?.saying(error.message) ?? .unknownOutcome(error)
    }

    private func batch<Element: Equatable & Sendable>(
        _ answer: VenueAnswer, _ read: ([UInt8]) -> [BatchElement]?,
        _ element: (BatchElement) -> Element
    ) -> BatchOutcome<Element> {
        switch answer {
        case .success(let body):
            guard let elements = read(body) else {
                return .unknown("the batch's answer is unreadable")
            }
            return .elements(elements.map(element))
        case .notSent(let text): return .notSent(text)
        case .lost(let text): return .unknown(text)
        case .failure(let failure):
            if failure.isOutcomeUnknown { return .unknown(failure.error.description) }
            return .refused(code: failure.error.code, failure.error.message)
        }
    }

    func cancel(
        _ id: ClientOrderID, _ symbol: Symbol,
        _ completion: @escaping @LoopActor (CancelOutcome) -> Void
    ) {
        call(dialect.cancelOrder(symbol, clientOrderID: id.text), .protective) {
            [dialect] answer in completion(VenueLink.cancelOutcome(answer, dialect))
        }
    }

    /// Cancels an order that is not of the books; whether it is gone, a list tells.
    func cancelStranger(_ name: String, _ symbol: Symbol) {
        call(dialect.cancelOrder(symbol, clientOrderID: name), .protective) { _ in }
    }

    private static func cancelOutcome(
        _ answer: VenueAnswer, _ dialect: any VenueDialect
    ) -> CancelOutcome {
        switch answer {
        case .success(let body):
            guard let order = try? dialect.decodeOrder(body.rawSpan) else { return .unknown }
            return .accepted(order)
        case .notSent, .lost: return .unknown
        case .failure(let failure): return cancelOutcome(failure)
        }
    }

    static func cancelOutcome(_ failure: VenueFailure) -> CancelOutcome {
        switch failure {
        case .orderNotFound: .notFound
        case .definiteReject(let error), .unauthorized(let error):
            .rejected(code: error.code, error.message)
        case .retryLater, .clockSkew, .unknownOutcome, .duplicateClientID, .alreadyDone,
            .listenKeyGone, .banned:
            .unknown
        }
    }

    func cancelTogether(
        _ ids: [ClientOrderID], _ symbol: Symbol,
        _ completion: @escaping @LoopActor (BatchOutcome<CancelOutcome>) -> Void
    ) {
        let request: VenueRequest
        do throws(VenueUnsupported) {
            request = try dialect.cancelOrders(symbol, clientOrderIDs: ids.map(\.text))
        } catch {
            return completion(.notSent(error.description))
        }
        call(request, .protective) { [self] answer in
            let read = { [dialect] (body: [UInt8]) in try? dialect.decodeBatch(body.rawSpan) }
            completion(
                batch(answer, read) { element in
                    switch element {
                    case .order(let order): .accepted(order)
                    case .failure(let error): VenueLink.cancelOutcome(judged(error))
                    }
                })
        }
    }

    /// Changes an order unless, when its turn comes, there is a reason not to.
    func amend(
        _ intent: OrderIntent, to wanted: Amendment, unless objection: @escaping Objection,
        _ completion: @escaping @LoopActor (AmendOutcome) -> Void
    ) {
        let request: VenueRequest
        do throws(VenueUnsupported) {
            request = try dialect.amendOrder(
                intent, quantity: wanted.quantity, price: wanted.price)
        } catch {
            return completion(.rejected(code: 0, error.description))
        }
        call(request, lane(intent), unless: objection) { [dialect] answer in
            switch answer {
            case .success(let body):
                let order = try? dialect.decodeOrder(body.rawSpan)
                completion(order.map { .accepted($0) } ?? .unknown)
            case .notSent(let text): completion(.notSent(text))
            case .lost: completion(.unknown)
            case .failure(let failure): completion(VenueLink.amendOutcome(failure))
            }
        }
    }

    static func amendOutcome(_ failure: VenueFailure) -> AmendOutcome {
        switch failure {
        case .definiteReject(let error), .unauthorized(let error), .retryLater(_, let error),
            .clockSkew(let error), .banned(_, let error), .listenKeyGone(let error):
            .rejected(code: error.code, error.message)
        // Not there, or so already: its record says how it stands.
        case .orderNotFound, .alreadyDone, .unknownOutcome, .duplicateClientID: .unknown
        }
    }

    func query(
        _ id: ClientOrderID, _ symbol: Symbol, _ lane: BudgetLane,
        _ completion: @escaping @LoopActor (QueryOutcome) -> Void
    ) {
        call(dialect.queryOrder(symbol, clientOrderID: id.text), lane) { [dialect] answer in
            switch answer {
            case .success(let body):
                let order = try? dialect.decodeOrder(body.rawSpan)
                completion(order.map { .found($0) } ?? .failed)
            case .failure(.orderNotFound): completion(.notFound)
            case .failure, .notSent, .lost: completion(.failed)
            }
        }
    }
}
