import BusProtocol
import Chronology
import ExchangeMarkets
import FuturesExchange
import Trading
import VenueProtocol

/// An owner of orders: it holds a lease while it lives, dies now and then, and cancels nothing itself.
extension SimulatedWorld {
    private static let lease = "owner"
    private static let leaseTime = Interval.seconds(2)

    /// The owner lives and dies from here on, until it is told to stay dead.
    func keepOwning() {
        guard isOwning else { return }
        takeLease()
        renewLease(until: time.now + time.between(.seconds(1), .seconds(8)))
    }

    private func takeLease() {
        ownerFence += 1
        server.data.strings[keys.fence(Self.lease)] = "\(ownerFence)"
    }

    private func renewLease(until death: Instant) {
        guard isOwning, time.now < death else {
            // A new one comes once the lease of the dead one has lapsed.
            return time.after(Self.leaseTime + .seconds(1)) { [self] in keepOwning() }
        }
        if server.isUp {
            server.data.expiries[keys.lock(Self.lease)] = time.now + Self.leaseTime
        }
        time.after(.milliseconds(500)) { [self] in renewLease(until: death) }
    }

    /// Some orders live for the owner, some for a time, most for nobody.
    func bound(_ body: inout OrderPlaceBody, _ number: Int) {
        if number % 3 == 0 {
            body.owner = OrderOwner(lease: Self.lease, fence: max(1, ownerFence))
        }
        if number % 4 == 0 { body.timeToLiveMilliseconds = 1_500 }
    }

    /// Orders that rest although their owner has been dead, or their time over, for as long as the whole
    /// stack has been well.
    func noteOverstays() {
        for symbol in symbols {
            for order in venue.desk.orders(symbol, since: 0).map(SimulatedVenue.record)
            where !order.status.isFinal {
                let record = server.data.hashes[keys.order(order.clientOrderID)]
                guard record?["owner"] != nil || record?["expires_ms"] != nil else { continue }
                overstays.append("\(order.clientOrderID) rests beyond its terms")
            }
        }
    }

    /// Orders that ended because their terms did, by their records.
    package var endedByTerms: Int {
        server.data.hashes.values.count { $0["reason"]?.hasPrefix("cancelled: its") == true }
    }
}
