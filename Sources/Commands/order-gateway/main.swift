import OrderGatewayService
import Runtime

ProcessHost.run(
    name: "order-gateway",
    summary: "the only process that trades: takes commands, sends orders, books fills",
    required: ["PMS_API_KEY", "PMS_API_SECRET"], sendsOrders: true
) { host in
    try GatewayService(host: host)
}
