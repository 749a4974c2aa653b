// paper-exchange: exchanges on loopback with markets of their own.
import PaperExchangeService
import Runtime

ProcessHost.run(
    name: "paper-exchange",
    summary: "Binance USD-M futures, Binance spot and MEXC spot on loopback, with markets of their own.",
    required: ["PMS_PAPER_API_KEY", "PMS_PAPER_API_SECRET"], usesRedis: false,
    flags: [
        CommandFlag("--fresh", "begin anew: the journals in PMS_PAPER_DATA are set aside"),
        CommandFlag(
            "--replay", "a futures symbol's book and prints are those of a recording, plain or .gz",
            value: "FILE"),
    ],
    details: PaperHelp.text
) { host in
    try PaperService(host: host)
}
