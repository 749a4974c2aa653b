import RiskEngineService
import Runtime

ProcessHost.run(
    name: "risk-engine",
    summary: "values every account on each tick and ledger change, and keeps its risk snapshot fresh",
    check: Environment.marginProblems
) { host in
    RiskService(host: host)
}
