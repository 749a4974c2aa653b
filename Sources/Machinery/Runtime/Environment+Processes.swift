/// Which of the stack's processes a venue has.
extension Environment {
    /// The processes that serve the venue that is set, in the order `pms up` starts them.
    ///
    /// What a spot account holds is its money: there is no margin to watch, and no net position to
    /// compare. A futures account has nothing to allocate. The paper exchange serves where no other does.
    package var venueProcesses: [String] {
        let isFutures = text("PMS_VENUE_KIND") == "binance-usdm"
        return KnobTable.processes.filter { name in
            switch name {
            case "paper-exchange": isVenuePaper
            case "risk-engine", "position-sync": isFutures
            case "allocator": !isFutures
            case _: true
            }
        }
    }

    /// Why a process that works on margin and net positions does not serve the venue that is set; empty
    /// where it does.
    package static func marginProblems(_ environment: Environment) -> [ConfigurationProblem] {
        let kind = environment.text("PMS_VENUE_KIND")
        if kind == "binance-usdm" { return [] }
        return [
            ConfigurationProblem(
                variable: "PMS_VENUE_KIND",
                message: "not allowed: \(kind) has no margin and no net positions; allowed: "
                    + "binance-usdm. On spot order-gateway keeps books and holdings by itself: leave "
                    + "\(environment.process) out, as pms up does")
        ]
    }
}
