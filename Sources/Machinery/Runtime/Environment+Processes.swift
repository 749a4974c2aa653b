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
}
