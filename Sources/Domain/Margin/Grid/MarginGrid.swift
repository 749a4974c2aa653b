package import Chronology
package import Trading

/// What all accounts are worth and must keep, followed from mark to mark (B5a): one new mark touches
/// the positions of its contract and no others, and allocates nothing.
///
/// 1. An account's sums are those of its positions at the marks they were given last; a change of a
///    position, of brackets or of a mark puts in the difference.
/// 2. Every figure is rounded as `MarginPosition` rounds it, so that the sums are an assessment's.
package struct MarginGrid {
    /// One account's sums and what decides whether it is due: all that a mark touches.
    package struct Account: Equatable, Sendable {
        /// Wallet and what is unrealised.
        package fileprivate(set) var equity = Money.zero
        package fileprivate(set) var maintenance = Money.zero
        fileprivate var notBefore = Instant.distantPast
        fileprivate var tier: MarginTier? = .calm
        fileprivate var isTouched = false
        fileprivate var isHeldBack = false

        /// Whether maintenance has reached a tier's share of equity, without a division.
        @inline(__always)
        fileprivate func hasReached(_ tier: MarginTier) -> Bool {
            let kept = maintenance.units
            let own = equity.units
            if kept == 0 { return false }
            if own <= 0 { return true }
            switch tier {
            case .calm: return true
            case .first: return kept &* 10 >= own &* 9
            case .second: return kept &* 1_000 >= own &* 925
            case .third: return kept &* 100 >= own &* 95
            }
        }

        /// Whether that is so of the tier above the one it is known to be in.
        @inline(__always)
        fileprivate var hasReachedHigher: Bool {
            guard let tier, tier != .third else { return false }
            return hasReached(MarginTier(rawValue: tier.rawValue + 1) ?? .third)
        }
    }

    /// What no mark touches.
    private struct Terms {
        var wallet = Money.zero
        var atOnce = Instant.distantPast
        var refreshAt = Instant.distantPast
    }

    /// What is set of an account besides its positions.
    package struct Settings {
        package var wallet: Money
        /// The tier it is known to be in; a higher one makes it due. Nil where tiers mean nothing.
        package var tier: MarginTier?
        /// Before this a mark alone does not make it due, and before `atOnce` a higher tier does not.
        package var notBefore: Instant
        package var atOnce: Instant
        /// When it is due without a mark.
        package var refreshAt: Instant
        /// Whether a mark has come since this was last set to false.
        package var isTouched: Bool
        /// Due at `notBefore` without another mark.
        package var isHeldBack: Bool
    }

    /// One position of one account.
    struct Holding {
        let account: Int32
        /// The bracket row that held its notional last.
        var row: Int32 = 0
        var quantity: Quantity
        var entryPrice: Price
        var unrealised = Money.zero
        var maintenance = Money.zero

        /// Values it at a mark; gives what that adds to its account's sums.
        @inline(__always)
        mutating func follow(
            _ mark: Price, _ rows: [MaintenanceBrackets.Row]
        ) -> (unrealised: Money, maintenance: Money) {
            let notional = mark.times(quantity.magnitude, .up)
            if notional > rows[Int(row)].cap || notional <= rows[Int(row)].floor {
                let found = rows.firstIndex { notional <= $0.cap } ?? rows.count - 1
                row = Int32(truncatingIfNeeded: found)
            }
            let kept = notional.scaled(by: rows[Int(row)].rate, .up) - rows[Int(row)].cum
            let gained = (mark - entryPrice).times(quantity, .floor)
            let change = (gained - unrealised, kept - maintenance)
            unrealised = gained
            maintenance = kept
            return change
        }
    }

    /// One contract's positions, ascending by account.
    struct Contract {
        var mark = Price.zero
        var rows: [MaintenanceBrackets.Row]
        var holdings: ContiguousArray<Holding> = []
    }

    private static let markLimit = Price.whole(10_000_000_000)

    package private(set) var accounts: ContiguousArray<Account> = []
    private var terms: ContiguousArray<Terms> = []
    private var contracts: [Contract] = []

    package init() {}

    // MARK: shape

    /// Adds an account; its number.
    package mutating func addAccount(wallet: Money) -> Int32 {
        var account = Account()
        account.equity = wallet
        accounts.append(account)
        terms.append(Terms(wallet: wallet))
        return Int32(accounts.count - 1)
    }

    /// Adds a contract; its number.
    package mutating func addContract(_ brackets: MaintenanceBrackets) -> Int {
        contracts.append(Contract(rows: brackets.rows))
        return contracts.count - 1
    }

    /// Changes what is known of an account besides its positions.
    package mutating func update(_ account: Int32, _ body: (inout Settings) -> Void) {
        let place = Int(account)
        let (known, rest) = (accounts[place], terms[place])
        var settings = Settings(
            wallet: rest.wallet, tier: known.tier, notBefore: known.notBefore,
            atOnce: rest.atOnce, refreshAt: rest.refreshAt, isTouched: known.isTouched,
            isHeldBack: known.isHeldBack)
        body(&settings)
        accounts[place].equity += settings.wallet - rest.wallet
        accounts[place].tier = settings.tier
        accounts[place].notBefore = settings.notBefore
        accounts[place].isTouched = settings.isTouched
        accounts[place].isHeldBack = settings.isHeldBack
        terms[place] = Terms(
            wallet: settings.wallet, atOnce: settings.atOnce, refreshAt: settings.refreshAt)
    }

    /// What an account's positions are worth beyond what they cost.
    package func unrealised(of account: Int32) -> Money {
        accounts[Int(account)].equity - terms[Int(account)].wallet
    }

    package mutating func setBrackets(_ contract: Int, _ brackets: MaintenanceBrackets) {
        contracts[contract].rows = brackets.rows
        for index in contracts[contract].holdings.indices {
            contracts[contract].holdings[index].row = 0
        }
        revalue(contract)
    }

    /// Sets a position; zero takes it out, and so does one beyond the range of money.
    /// O(log of the contract's positions) where the account has one already or is the last, else O(of
    /// them).
    package mutating func setPosition(
        _ account: Int32, _ contract: Int, _ quantity: Quantity, entryPrice: Price
    ) {
        let isInRange = MarginLimits.admits(quantity, at: entryPrice)
        let place = MarginGrid.place(of: account, contracts[contract].holdings)
        let isThere =
            place < contracts[contract].holdings.count
            && contracts[contract].holdings[place].account == account
        if isThere {
            let old = contracts[contract].holdings[place]
            accounts[Int(account)].equity -= old.unrealised
            accounts[Int(account)].maintenance -= old.maintenance
        }
        if quantity.isZero || !isInRange {
            if isThere { contracts[contract].holdings.remove(at: place) }
            return
        }
        var holding = Holding(account: account, quantity: quantity, entryPrice: entryPrice)
        if !contracts[contract].mark.isZero {
            let change = holding.follow(contracts[contract].mark, contracts[contract].rows)
            accounts[Int(account)].equity += change.unrealised
            accounts[Int(account)].maintenance += change.maintenance
        }
        if isThere {
            contracts[contract].holdings[place] = holding
        } else {
            contracts[contract].holdings.insert(holding, at: place)
        }
    }

    /// The first place whose account is not before this one.
    private static func place(
        of account: Int32, _ holdings: ContiguousArray<Holding>
    ) -> Int {
        var low = 0
        var high = holdings.count
        while low < high {
            let middle = (low + high) / 2
            if holdings[middle].account < account { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func revalue(_ contract: Int) {
        let mark = contracts[contract].mark
        if mark.isZero { return }
        var due: [Int32] = []
        follow(contract, mark, now: .distantPast, &due)
    }

    // MARK: marks

    /// A contract has a new mark. Adds the accounts to `due` that hold it and whose time has come, or
    /// whose margin has reached a higher tier than they are known to be in.
    ///
    /// A mark that is not above zero, or beyond 1e10, changes nothing.
    /// O(positions of the contract), nothing allocated where `due` has room.
    package mutating func markReceived(
        _ contract: Int, _ mark: Price, now: Instant, _ due: inout [Int32]
    ) {
        // With quantities below 1e13 no sum of a thousand positions leaves the range of money.
        guard mark.isPositive, mark < MarginGrid.markLimit else { return }
        contracts[contract].mark = mark
        follow(contract, mark, now: now, &due)
    }

    /// What a contract is worth is not known any more: until its next mark its positions add nothing.
    package mutating func forgetMark(_ contract: Int) {
        contracts[contract].mark = .zero
        for index in contracts[contract].holdings.indices {
            let held = contracts[contract].holdings[index]
            accounts[Int(held.account)].equity -= held.unrealised
            accounts[Int(held.account)].maintenance -= held.maintenance
            contracts[contract].holdings[index].unrealised = .zero
            contracts[contract].holdings[index].maintenance = .zero
        }
    }

    private mutating func follow(
        _ contract: Int, _ mark: Price, now: Instant, _ due: inout [Int32]
    ) {
        // Taken out while they are worked on, so that both can be changed in place.
        let rows = contracts[contract].rows
        var kept: ContiguousArray<Account> = []
        var own: ContiguousArray<Holding> = []
        swap(&kept, &accounts)
        swap(&own, &contracts[contract].holdings)
        MarginGrid.follow(mark, rows, now, &own, &kept, terms, &due)
        swap(&own, &contracts[contract].holdings)
        swap(&kept, &accounts)
    }

    private static func follow(
        _ mark: Price, _ rows: [MaintenanceBrackets.Row], _ now: Instant,
        _ own: inout ContiguousArray<Holding>, _ kept: inout ContiguousArray<Account>,
        _ terms: ContiguousArray<Terms>, _ due: inout [Int32]
    ) {
        let terms = terms.span
        var sums = kept.mutableSpan
        var holdings = own.mutableSpan
        for index in holdings.indices {
            let change = holdings[index].follow(mark, rows)
            let number = holdings[index].account
            let account = Int(number)
            sums[account].equity += change.unrealised
            sums[account].maintenance += change.maintenance
            sums[account].isTouched = true
            let isDue =
                now >= sums[account].notBefore
                ? now > .distantPast
                : sums[account].hasReachedHigher && now >= terms[account].atOnce
            if isDue { due.append(number) }
        }
    }

    /// Whether an account's margin has reached a higher tier than it is known to be in, and that may
    /// be acted on.
    package func isEndangered(_ account: Int32, now: Instant) -> Bool {
        accounts[Int(account)].hasReachedHigher && now >= terms[Int(account)].atOnce
    }

    /// Whether an account is due without another mark.
    package func isWaiting(_ account: Int32, now: Instant) -> Bool {
        let known = accounts[Int(account)]
        if now >= terms[Int(account)].refreshAt { return true }
        if now >= known.notBefore { return known.isTouched || known.isHeldBack }
        return known.isTouched && isEndangered(account, now: now)
    }

    /// The accounts that hold a contract, ascending.
    package func holders(of contract: Int) -> [Int32] { contracts[contract].holdings.map(\.account) }

    /// Adds all sums up anew from the positions as they were valued last: what following them comes
    /// to, by another way.
    package mutating func recompute() {
        var kept: ContiguousArray<Account> = []
        swap(&kept, &accounts)
        for index in kept.indices {
            kept[index].equity = terms[index].wallet
            kept[index].maintenance = .zero
        }
        for contract in contracts { MarginGrid.sum(contract.holdings, into: &kept) }
        swap(&kept, &accounts)
    }

    private static func sum(
        _ own: ContiguousArray<Holding>, into kept: inout ContiguousArray<Account>
    ) {
        let holdings = own.span
        var sums = kept.mutableSpan
        for index in holdings.indices {
            let account = Int(holdings[index].account)
            sums[account].equity += holdings[index].unrealised
            sums[account].maintenance += holdings[index].maintenance
        }
    }
}
