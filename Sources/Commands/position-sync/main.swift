import PositionSyncService
import Runtime

ProcessHost.run(
    name: "position-sync",
    summary: "compares the books with the exchange, and brings in trades that were missed",
    required: ["PMS_API_KEY", "PMS_API_SECRET"], check: Environment.marginProblems
) { host in
    try SyncService(host: host)
}
