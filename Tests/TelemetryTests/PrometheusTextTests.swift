import Testing

@testable import Telemetry

struct PrometheusTextTests {
    @Test(arguments: [
        ("http_requests_total", "http_requests_total"),
        ("http.server-requests", "http_server_requests"),
        ("job:rate5m", "job:rate5m"),
        ("99th", "_99th"),
        ("größe", "gr__e"),
        ("", "_"),
    ])
    func `metric names are made valid`(name: String, valid: String) {
        #expect(PrometheusText.metricName(name) == valid)
    }

    @Test(arguments: [
        ("route", "route"), ("a:b", "a_b"), ("__name__", "_name__"), ("_own", "_own"), ("1st", "_1st"), ("__", "_"),
    ])
    func `label names are made valid and never reserved`(name: String, valid: String) {
        #expect(PrometheusText.labelName(name) == valid)
    }

    @Test func `label values are escaped, also where a carriage return precedes the line feed`() {
        let labels = PrometheusText.labels([("path", "C:\\dir\r\n\"x\" é")], reserved: nil)
        #expect(labels == "path=\"C:\\\\dir\r\\n\\\"x\\\" é\"")
    }

    @Test func `help texts are escaped, but for quotes`() {
        let registry = PrometheusRegistry()
        registry.describe("a_total", help: "One \"two\"\r\nC:\\three")
        #expect(registry.exposition().hasPrefix("# HELP a_total One \"two\"\r\\nC:\\\\three\n# TYPE a_total counter\n"))
    }

    @Test func `labels are sorted, of one name the last holds, and an empty one is none`() {
        #expect(
            PrometheusText.labels([("b", "2"), ("a", "1"), ("b", "3"), ("c", "")], reserved: nil) == #"a="1",b="3""#)
        #expect(PrometheusText.labels([("c", "")], reserved: nil).isEmpty)
    }

    @Test func `the label of the buckets is not for callers`() {
        #expect(PrometheusText.labels([("le", "1")], reserved: "le") == #"exported_le="1""#)
        #expect(PrometheusText.labels([("le", "1")], reserved: nil) == #"le="1""#)
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "-0"), (2.5, "2.5"), (100, "100"), (1e21, "1e+21"), (5e-05, "5e-05"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func `numbers are written as Go reads them`(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }
}
