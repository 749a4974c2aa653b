package import ExchangeMarkets

extension FuturesDesk {
    /// Lets the market of a recording's symbol replay it instead of its makers and takers; false where the
    /// symbol is not listed. Call it when the desk is brought back and before its first step.
    package func replay(_ feed: ReplayFeed, loops: Bool = true) -> Bool {
        floor.attach(feed, loops: loops)
    }
}
