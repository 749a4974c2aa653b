import BusProtocol
import Chronology
import Orders
import Positions
import Reactor
import RedisLink
import Runtime
import Trading
import VenueProtocol

/// What the desk asks of Redis.
extension GatewayService {
    func carryOutInRedis(_ action: GatewayAction) {
        switch action {
        case .load(let generation, let known):
            Task { @LoopActor in
                let readAt = host.loop.now
                do throws(StoreFailure) {
                    var snapshot = try await store.load(known: known)
                    snapshot.readAt = readAt
                    tell(.loaded(generation: generation, snapshot))
                } catch {
                    tell(.loadFailed(generation: generation, error.description))
                }
            }
        case .saveIntent(let record, let fence):
            let id = record.intent.clientOrderID
            store.saveIntent(record, fence: fence) { [weak self] reply in
                self?.tell(.intentReplied(id, reply))
            }
        case .saveOrder(let record, let isDone, let fence, let token):
            let id = record.intent.clientOrderID
            store.saveOrder(record, isDone: isDone, fence: fence) { [weak self] reply in
                self?.tell(.orderSaved(id, token: token, reply))
            }
        case .applyLedger(let command, let fence):
            fills.increment()
            store.applyLedger(command, fence: fence, wall: host.loop.wallNow) {
                [weak self] reply in self?.tell(.ledgerReplied(token: command.token, reply))
            }
        case .applyShared(let command, let fence):
            fills.increment()
            store.applyShared(command, fence: fence, wall: host.loop.wallNow) {
                [weak self] reply in self?.tell(.sharedReplied(token: command.token, reply))
            }
        case .saveAccount(let record, let fence, let request):
            store.saveAccount(record, fence: fence) { [weak self] reply in
                self?.tell(.accountSaved(request: request, reply))
            }
        case .saveState(let record, let account, let fence, let request):
            store.saveState(record, account, fence: fence) { [weak self] reply in
                self?.tell(.stateSaved(request: request, reply))
            }
        case .saveAlgo(let record, let isOver, let fence, let token):
            store.saveAlgo(record, isOver: isOver, fence: fence) { [weak self] reply in
                self?.tell(.algoSaved(record.id, token: token, reply))
            }
        case .saveHoldings(let list, let isWhole):
            store.saveHoldings(list, isWhole: isWhole, wall: host.loop.wallNow)
        case .readFacts(let id, let account, let symbol): readFacts(id, account, symbol)
        case .readBooks(let symbol, let accounts):
            let askedAt = host.loop.now
            Task { @LoopActor in
                let books = await store.books(symbol, accounts)
                tell(.booksRead(symbol, askedAt: askedAt, books))
            }
        case .readOwner(let lease):
            store.owner(lease) { [weak self] reading in
                self?.tell(.ownerRead(lease: lease, reading))
            }
        case .readIDs(let number): readIDs(number)
        case .readOrder(let id):
            Task { @LoopActor in tell(.orderRead(id, await store.order(id))) }
        case .reply, .alert, .journal, .journalSettled, .send, .cancel, .cancelStranger, .amend,
            .queryOrder, .queryOpenOrders, .queryTrades, .queryRecentOrders, .verifyHalt,
            .queryHoldings, .queryPositions, .openStream, .surrenderLease, .wake, .watchTicks:
            preconditionFailure("an action goes where it is sorted to")
        }
    }

    /// Reads the ids of all orders that have a record, a page at a time: other work goes on between.
    private func readIDs(_ number: Int64) {
        Task { @LoopActor in
            var cursor: String? = "0"
            while let from = cursor, desk.isReadingIDs(number) {
                do throws(StoreFailure) {
                    let (ids, next) = try await store.orderIDs(from: from)
                    cursor = next == "0" ? nil : next
                    tell(.idsRead(number, IDPage(ids, isLast: cursor == nil)))
                } catch {
                    return tell(.idsRead(number, nil))
                }
            }
        }
    }

    /// Price and risk as they were read a moment ago, or read now; prices that nobody asked for until now
    /// are waited for a little.
    private func readFacts(_ id: ClientOrderID, _ account: AccountID, _ symbol: Symbol) {
        let isReducing = desk.isReducing(id)
        let book = FactsMemory.Book(account: account, symbol: symbol)
        // What reduces may be booked at the mark: that is read now.
        if !isReducing, let facts = memory.facts(book, now: host.loop.now), isFresh(facts) {
            tell(.factsRead(id, facts))
            if memory.isDue(book, now: host.loop.now) {
                // The order goes first: reading what came would hold it up.
                if booksToRead.isEmpty { factsTimer?.arm(after: .milliseconds(2)) }
                booksToRead.append(book)
            }
            return
        }
        Task { @LoopActor in
            let patience = host.loop.now + .milliseconds(1_500)
            var facts = await self.facts(of: book)
            if !isReducing, !isFresh(facts) {
                store.demand(symbol, wall: host.loop.wallNow)
                while host.loop.now < patience, host.redis.isUp, !isFresh(facts) {
                    await pause(.milliseconds(50))
                    facts = await self.facts(of: book)
                }
            }
            tell(.factsRead(id, facts))
        }
    }

    /// Reads the facts anew of books whose orders were checked by remembered ones.
    func readFactsAgain() {
        let books = booksToRead
        booksToRead = []
        for book in books {
            Task { @LoopActor in _ = await self.facts(of: book) }
        }
    }

    private func facts(of book: FactsMemory.Book) async -> MarketFacts? {
        let readAt = host.loop.now
        var facts = await store.facts(book.account, book.symbol)
        facts?.readAt = readAt
        memory.keep(facts, of: book, readAt: readAt)
        return facts
    }

    private func isFresh(_ facts: MarketFacts?) -> Bool {
        guard let facts, facts.instrument != nil, let price = facts.price else { return false }
        let now = host.loop.wallNow
        guard now - price.at <= limits.priceAge else { return false }
        guard venue.capabilities.isMargined else { return true }
        return facts.risk.map { now - $0.at <= limits.riskAge } ?? false
    }
}
