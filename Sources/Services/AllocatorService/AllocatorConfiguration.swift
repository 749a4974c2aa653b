package import Allocation
import Chronology
package import Runtime
import Trading
import VenueProtocol

/// The allocator's knobs as they stand in the environment.
package enum AllocatorConfiguration {
    /// The knobs; the table has admitted each of them.
    package static func knobs(_ environment: Environment) -> AllocationKnobs {
        guard let symbol = Symbol(environment.text("ALLOCATION_SYMBOL")),
            let account = AccountID(environment.text("ALLOCATION_ACCOUNT")),
            let mode = ExecutionMode(rawValue: environment.text("EXECUTION_MODE"))
        else { preconditionFailure("the table admits only symbols, accounts and modes") }
        var knobs = AllocationKnobs(symbol: symbol, account: account)
        knobs.mode = mode
        knobs.tolerance = environment.decimal("ALLOCATION_TOLERANCE_USDT")
        knobs.sliceShare = percent("SLICE_PCT", environment)
        knobs.maximumSlice = environment.decimal("MAX_SLICE_NOTIONAL")
        knobs.jitter = percent("SIZE_JITTER_PCT", environment)
        knobs.maximumSlippage = percent("MAX_SLIPPAGE_PCT", environment)
        knobs.slices = Int(clamping: environment.integer("MAX_SLICES"))
        knobs.timeToLive = .seconds(environment.integer("ORDER_TTL_SECONDS"))
        knobs.timeout = .seconds(environment.integer("TASK_TIMEOUT_SECONDS"))
        if environment.optionalText("MIN_NOTIONAL_USDT") != nil {
            knobs.minimumNotional = environment.decimal("MIN_NOTIONAL_USDT")
        }
        if environment.optionalText("LOT_STEP") != nil {
            knobs.step = environment.decimal("LOT_STEP")
        }
        return knobs
    }

    private static func percent(_ name: String, _ environment: Environment) -> Ratio {
        let value: Ratio = environment.decimal(name)
        return Ratio(units: value.units / 100)
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
                                   Idempotency-Key: the same key is the same run.
          GET /tasks/allocation    the run that goes on, or the last one
          GET /allocations         the last hundred runs and slices
        all with Authorization: Bearer and the token of PMS_HTTP_TOKEN.
        """
}
