import BusProtocol
import Chronology
import Margin
import Trading

/// When an account is valued: at once where its books changed, and else by pages, so that no event
/// takes long however many accounts are due.
extension RiskDesk {
    /// The symbol's brackets or mark have changed other than by a tick.
    func gridSymbolChanged(_ contract: Int) {
        let mark = mirror.symbols[contract].mark
        mirror.grid.setBrackets(contract, mirror.symbols[contract].brackets ?? .conservative)
        followMark(contract, mark, .distantPast)
    }

    /// Lets the accounts follow a mark; those that are due are in `due`.
    func followMark(_ contract: Int, _ mark: Price, _ now: Instant) {
        due.removeAll(keepingCapacity: true)
        mirror.grid.markReceived(contract, mark, now: now, &due)
    }

    /// An account has been evaluated: when a mark may make it due again.
    /// - Parameter isHeldBack: its snapshot was not written, and is due without another mark.
    func gridEvaluated(_ number: Int, _ now: Instant, isHeldBack: Bool) {
        let next = now + evaluationInterval
        let tier = mirror.accounts[number].tier
        mirror.grid.update(Int32(number)) {
            $0.notBefore = next
            $0.atOnce = min(next, now + RiskLimits.atOnce)
            $0.refreshAt = now + RiskLimits.refresh
            $0.isTouched = false
            $0.isHeldBack = isHeldBack
            if $0.tier != nil { $0.tier = tier }
        }
    }

    /// More than a mark has changed for all who hold a contract: each is valued as its turn comes.
    func holdersChanged(_ contract: Int, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction])
    {
        for number in mirror.grid.holders(of: contract) {
            mirror.accounts[Int(number)].isChanged = true
        }
        lookAtAll(now, wall, &out)
    }

    /// Values whoever is due, a page now and the rest in the turns that follow.
    func lookAtAll(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        looksLeft = mirror.accounts.count
        evaluateWaiting(now, wall, &out)
    }

    /// Evaluates a page of the accounts that changed, that a mark touched and was too early for, and
    /// that have waited too long.
    func evaluateWaiting(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        guard case .following(isLive: true) = phase else {
            looksLeft = 0
            return
        }
        var room = RiskLimits.evaluationsPerTurn
        while looksLeft > 0, room > 0 {
            if nextLook >= mirror.accounts.count { nextLook = 0 }
            let number = nextLook
            nextLook += 1
            looksLeft -= 1
            // One that is gone keeps its number, and takes no room.
            guard mirror.accounts[number].isKnown else { continue }
            let isChanged = mirror.accounts[number].isChanged
            guard isChanged || mirror.grid.isWaiting(Int32(number), now: now) else { continue }
            room -= 1
            evaluate(number, isTick: !isChanged, now, wall, &out)
        }
    }

    /// Evaluates whom a mark made due: first those that it moved into a higher tier. Whoever finds no
    /// room in this page is among the waiting.
    func evaluateDue(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        let room = RiskLimits.evaluationsPerTurn
        if due.count > room {
            looksLeft = mirror.accounts.count
            _ = due.partition { !mirror.grid.isEndangered($0, now: now) }
            due.removeLast(due.count - room)
        }
        for place in due.indices {
            evaluate(Int(due[place]), isTick: true, now, wall, &out)
        }
    }
}
