// paper-exchange: a futures exchange on loopback with a market of its own.
import PaperExchangeService
import Runtime

ProcessHost.run(
    name: "paper-exchange",
    summary: "A futures exchange on loopback with a market of its own; speaks Binance USD-M.",
    required: ["PMS_PAPER_API_KEY", "PMS_PAPER_API_SECRET"], usesRedis: false
) { host in
    try PaperService(host: host)
}
