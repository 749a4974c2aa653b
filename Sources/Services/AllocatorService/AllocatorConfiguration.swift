package import Allocation
import Chronology
package import Runtime
import Trading
import VenueProtocol

/// The allocator's knobs as they stand in the environment.
package enum AllocatorConfiguration {
    /// The knobs; the table has admitted each of them.
    package static func knobs(_ environment: Environment) -> AllocationKnobs {
        guard let knobs = AllocationKnobs(variables: { environment.shown($0) }) else {
            preconditionFailure("the table admits only what can be read")
        }
        return knobs
    }

    /// What is wrong with values that are each allowed, and not together: all of it at once.
    package static func problems(_ environment: Environment) -> [ConfigurationProblem] {
        var problems = knobs(environment).problems.map {
            ConfigurationProblem(variable: $0.knob, message: $0.message)
        }
        if environment.text("PMS_VENUE_KIND") == VenueKind.binanceFutures.rawValue {
            problems.append(
                ConfigurationProblem(
                    variable: "PMS_VENUE_KIND",
                    message: "not allowed: binance-usdm holds no assets to balance; "
                        + "allowed: binance-spot, mexc-spot"))
        }
        return problems
    }
}

/// What `--help` says of the process beside its variables.
package enum AllocatorHelp {
    package static let text = """
        Each run values what the account holds of both assets at the middle of the book, and sells of
        the heavier one in at most MAX_SLICES slices, each on a fresh book, never past half of the
        imbalance. Orders go through order-gateway, which takes back by itself what this process
        leaves behind.

        A run begins by the clock (ALLOCATION_INTERVAL_SECONDS), by `pms allocate`, or over HTTP:
          POST /tasks/allocation   202 and the run's id; with ?wait=1 the result; with ?dry_run=1
                                   what would be ordered. 409 while another run goes on.
                                   The same as a JSON body: {"wait":true,"dry_run":false}.
                                   Idempotency-Key: the same key is the same run.
          GET /tasks/allocation    the run that goes on, or the last one
          GET /allocations         the last hundred runs and slices
        all with Authorization: Bearer and the token of PMS_HTTP_TOKEN.
        """
}
