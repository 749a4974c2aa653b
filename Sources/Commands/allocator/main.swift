import AllocatorService
import Runtime

ProcessHost.run(
    name: "allocator",
    summary: "keeps a spot account's two assets equal in value, by small and short-lived orders",
    required: ["PMS_API_KEY", "PMS_API_SECRET"], details: AllocatorHelp.text,
    check: AllocatorConfiguration.problems
) { host in
    try AllocatorService(host: host)
}
