import Reactor
import Runtime
import Testing

@Suite struct MetricsTests {
    init() { EventLoop.process.runInBackground() }

    @Test("Counters, gauges and histograms print as Prometheus reads them, sorted by name")
    @LoopActor func text() {
        let metrics = Metrics()
        metrics.gauge("pms_open_orders", "open orders", ["symbol": "A\"B"]).set(2)
        let ticks = metrics.counter("pms_ticks_total", "ticks")
        ticks.increment()
        metrics.counter("pms_ticks_total", "ticks").add(2)
        let latency = metrics.histogram("pms_hop_seconds", "hop", bounds: [0.5, 1])
        for value in [0.5, 0.75, 3] { latency.observe(value) }
        #expect(
            metrics.text == """
                # HELP pms_hop_seconds hop
                # TYPE pms_hop_seconds histogram
                pms_hop_seconds_bucket{le="0.5"} 1
                pms_hop_seconds_bucket{le="1"} 2
                pms_hop_seconds_bucket{le="+Inf"} 3
                pms_hop_seconds_sum 4.25
                pms_hop_seconds_count 3
                # HELP pms_open_orders open orders
                # TYPE pms_open_orders gauge
                pms_open_orders{symbol="A\\"B"} 2
                # HELP pms_ticks_total ticks
                # TYPE pms_ticks_total counter
                pms_ticks_total 3

                """)
    }
}
