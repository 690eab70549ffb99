import Metrics
import Testing

@testable import Telemetry

struct PrometheusRegistryTests {
    let registry = PrometheusRegistry()

    @Test func `every kind of metric is written as the format demands`() {
        registry.describe("shop_orders_total", help: "Orders taken.")
        registry.describe("shop_wait_seconds", help: "Waiting time.", buckets: [0.5, 1, 2.5])
        Counter(label: "shop_orders_total", dimensions: [("kind", "web"), ("city", "Bern")], factory: registry)
            .increment(by: 3)
        FloatingPointCounter(label: "shop_litres_total", factory: registry).increment(by: 0.75)
        Gauge(label: "shop_open", factory: registry).record(1)
        Meter(label: "shop_temperature_celsius", factory: registry).set(-3.5)
        let wait = Timer(label: "shop_wait_seconds", dimensions: [("till", "1")], factory: registry)
        for milliseconds in [250, 500, 900, 3_000] { wait.recordMilliseconds(milliseconds) }

        #expect(
            shown("shop_") == """
                # TYPE shop_litres_total counter
                shop_litres_total 0.75
                # TYPE shop_open gauge
                shop_open 1
                # HELP shop_orders_total Orders taken.
                # TYPE shop_orders_total counter
                shop_orders_total{city="Bern",kind="web"} 3
                # TYPE shop_temperature_celsius gauge
                shop_temperature_celsius -3.5
                # HELP shop_wait_seconds Waiting time.
                # TYPE shop_wait_seconds histogram
                shop_wait_seconds_bucket{till="1",le="0.5"} 2
                shop_wait_seconds_bucket{till="1",le="1"} 3
                shop_wait_seconds_bucket{till="1",le="2.5"} 3
                shop_wait_seconds_bucket{till="1",le="+Inf"} 4
                shop_wait_seconds_sum{till="1"} 4.65
                shop_wait_seconds_count{till="1"} 4
                """)
    }

    @Test func `an empty registry still shows what it dropped`() {
        #expect(registry.exposition().hasSuffix("counter\nqkron_metrics_dropped_series_total 0\n"))
    }

    @Test func `the same labels in any order are one series`() {
        Counter(label: "a_total", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
        Counter(label: "a_total", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        FloatingPointCounter(label: "a_total", dimensions: [("y", "2"), ("x", "1")], factory: registry)
            .increment(by: 0.5)
        #expect(shown("a_total") == "# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 2.5")
    }

    @Test func `a described family is shown before its first value when its kind can be told`() {
        registry.describe("a_total", help: "A.")
        registry.describe("a_seconds", help: "B.", buckets: [1])
        registry.describe("a_free", help: "C.")
        #expect(
            shown("a_") == """
                # HELP a_seconds B.
                # TYPE a_seconds histogram
                # HELP a_total A.
                # TYPE a_total counter
                """)
        _ = Counter(label: "a_total", factory: registry)
        _ = Gauge(label: "a_free", factory: registry)
        #expect(shown("a_total").hasSuffix("\na_total 0"))
        #expect(shown("a_free") == "# HELP a_free C.\n# TYPE a_free gauge\na_free 0")
    }

    @Test func `a counter never falls, except when it is reset`() {
        let counter = Counter(label: "a_total", factory: registry)
        let fractional = FloatingPointCounter(label: "a_total", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -2)
        fractional.increment(by: -0.5)
        fractional.increment(by: Double.nan)
        fractional.increment(by: Double.infinity)
        #expect(shown("a_total").hasSuffix("\na_total 5"))
        counter.reset()
        #expect(shown("a_total").hasSuffix("\na_total 0"))
    }

    @Test func `a whole counter is exact beyond what a Double can hold`() {
        Counter(label: "a_total", factory: registry).increment(by: Int64(9_007_199_254_740_993))
        #expect(shown("a_total").hasSuffix("\na_total 9007199254740993"))
    }

    @Test func `a meter goes up and down`() {
        let meter = Meter(label: "a_now", factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(shown("a_now").hasSuffix("\na_now 11.5"))
    }

    @Test func `bounds are sorted, unique and finite, and a value on a bound belongs to it`() {
        registry.describe("a_size", help: "A.", buckets: [10, 1, .infinity, 10, .nan])
        let recorder = Recorder(label: "a_size", factory: registry)
        recorder.record(1)
        recorder.record(10.5)
        recorder.record(Double.nan)
        #expect(
            shown("a_size") == """
                # HELP a_size A.
                # TYPE a_size histogram
                a_size_bucket{le="1"} 1
                a_size_bucket{le="10"} 1
                a_size_bucket{le="+Inf"} 2
                a_size_sum 11.5
                a_size_count 2
                """)
    }

    @Test func `a time that a clock set back made negative counts as none`() {
        Timer(label: "a_seconds", factory: registry).recordNanoseconds(-5_000_000_000)
        #expect(shown("a_seconds").hasSuffix("\na_seconds_sum 0\na_seconds_count 1"))
    }

    @Test func `a name held by one kind is refused to another, and the refusal is counted`() {
        Counter(label: "a", factory: registry).increment()
        Meter(label: "a", factory: registry).set(7)
        _ = Recorder(label: "b", factory: registry)
        Counter(label: "b_count", factory: registry).increment()
        #expect(shown("a") == "# TYPE a counter\na 1")
        #expect(!registry.exposition().contains("b_count counter"))
        #expect(registry.exposition().contains("\nqkron_metrics_dropped_series_total 2\n"))
    }

    @Test func `a family holds no more series than its limit`() {
        let registry = PrometheusRegistry(seriesLimit: 2)
        for user in 1...5 {
            Counter(label: "a_total", dimensions: [("user", "\(user)")], factory: registry).increment()
        }
        Counter(label: "a_total", dimensions: [("user", "1")], factory: registry).increment()
        Counter(label: "b_total", factory: registry).increment()
        registry.onCollect { metrics in
            for state in 1...5 { metrics.gauge("c", 1, [("state", "\(state)")]) }
        }
        let text = registry.exposition()
        #expect(text.contains("\na_total{user=\"1\"} 2\na_total{user=\"2\"} 1\n# TYPE b_total"))
        #expect(text.contains("\nb_total 1\n"))
        #expect(text.contains("\nc{state=\"2\"} 1\n") && !text.contains("c{state=\"3\"}"))
        #expect(text.contains("\nqkron_metrics_dropped_series_total 6\n"))
    }

    @Test func `a destroyed series is gone, and one made later starts anew`() {
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment(by: 4)
        counter.destroy()
        #expect(shown("a_total") == "# TYPE a_total counter")
        let second = Counter(label: "a_total", factory: registry)
        second.increment()
        counter.destroy()
        #expect(shown("a_total").hasSuffix("\na_total 1"))
        let timer = Timer(label: "b_seconds", factory: registry)
        let meter = Meter(label: "b_now", factory: registry)
        let recorder = Recorder(label: "b_size", factory: registry)
        let fractional = FloatingPointCounter(label: "b_total", factory: registry)
        timer.destroy()
        meter.destroy()
        recorder.destroy()
        fractional.destroy()
        #expect(!shown("b_").split(separator: "\n").contains { !$0.hasPrefix("#") })
    }

    @Test func `concurrent changes are all counted while expositions go on`() async {
        let counter = Counter(label: "a_total", factory: registry)
        let fractional = FloatingPointCounter(label: "b_total", factory: registry)
        let meter = Meter(label: "c", factory: registry)
        let timer = Timer(label: "d_seconds", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for step in 0..<5_000 {
                        counter.increment()
                        fractional.increment(by: 0.5)
                        meter.increment(by: 2)
                        timer.recordSeconds(1)
                        if step % 500 == 0 {
                            Counter(label: "e_total", dimensions: [("step", "\(step)")], factory: registry).increment()
                            #expect(isConsistent(registry.exposition()), "worker \(worker)")
                        }
                    }
                }
            }
        }
        let text = registry.exposition()
        #expect(text.contains("\na_total 40000\n"))
        #expect(text.contains("\nb_total 20000\n"))
        #expect(text.contains("\nc 80000\n"))
        #expect(text.contains("\nd_seconds_sum 40000\nd_seconds_count 40000\n"))
        #expect(text.contains("\ne_total{step=\"4500\"} 8\n"))
    }

    /// What is shown of the metrics whose name starts so, without the last line feed.
    private func shown(_ prefix: String) -> String {
        registry.exposition().split(separator: "\n").filter {
            let words = $0.split(separator: " ")
            return (words[0] == "#" ? words[2] : words[0]).hasPrefix(prefix)
        }.joined(separator: "\n")
    }

    /// Every second counts one, so a reading that was torn would show another sum than count.
    private func isConsistent(_ text: String) -> Bool {
        func value(_ name: String) -> Substring? {
            text.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").last
        }
        return value("d_seconds_sum") == value("d_seconds_count")
    }
}
