package import ExchangeDoor
package import Runtime
package import SpotExchange

/// The spot exchanges as the environment sets them.
package enum PaperSpot {
    package static func settings(
        _ flavour: SpotFlavour, _ environment: Environment, keys: [ExchangeKey]
    ) -> SpotSettings {
        var settings = SpotSettings(flavour)
        settings.seed = UInt64(environment.integer("PMS_PAPER_SEED"))
        settings.keys = keys
        let balances: String
        switch flavour {
        case .binance:
            balances = environment.text("PMS_PAPER_SPOT_BALANCES")
            settings.limits.rates = PaperLimits.spot(environment)
        case .mexc:
            balances = environment.text("PMS_PAPER_MEXC_BALANCES")
            settings.limits.rates = PaperLimits.mexc(environment)
        }
        guard let amounts = SpotSettings.balances(balances) else {
            preconditionFailure("the table of variables admits only balances that can be read")
        }
        settings.balances = amounts
        settings.limits.keptOrders = Int(environment.integer("PMS_PAPER_KEPT_ORDERS"))
        settings.limits.keptTrades = settings.limits.keptOrders
        return settings
    }
}
