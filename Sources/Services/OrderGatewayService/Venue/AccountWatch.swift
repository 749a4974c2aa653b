import Chronology
import Reactor
import Runtime
import Throttles
import VenueProtocol

/// Looks again and again whether the account is still one that the books can follow (T9): somebody may
/// switch to hedge mode, lower a leverage or take a right from the key while this runs.
@LoopActor final class AccountWatch {
    /// Told what stands in the way of new risk, nil when nothing does; not where it is not known.
    var onKnown: (@LoopActor (String?) -> Void)?
    private let preflight: Preflight
    private var timer: LoopTimer?
    private var isAsking = false
    private var isStopped = false
    /// Costs 10 of the weight on futures, 20 on spot.
    private static let period = Interval.seconds(60)

    init(host: ServiceHost, venue: VenueLink) {
        preflight = Preflight(
            venue: venue, leverage: host.environment.integer("PMS_LEVERAGE"), lane: .query)
        timer = host.loop.timer { [weak self] in self?.check() }
    }

    func start() { timer?.arm(after: AccountWatch.period) }

    func stop() {
        isStopped = true
        timer?.disarm()
    }

    /// The venue told of a change: looked at once.
    func heard(_ event: VenueEvent) {
        switch event {
        case .futures(.other("ACCOUNT_CONFIG_UPDATE")), .other("ACCOUNT_CONFIG_UPDATE"): check()
        case _: break
        }
    }

    private func check() {
        timer?.arm(after: AccountWatch.period)
        guard !isAsking, !isStopped else { return }
        isAsking = true
        Task { @LoopActor in
            defer { isAsking = false }
            do throws(PreflightFailure) {
                guard try await preflight.recheck() == nil, !isStopped else { return }
                onKnown?(nil)
            } catch {
                if !isStopped { onKnown?(error.description) }
            }
        }
    }
}
