extension PrometheusRegistry {
    /// Describes the metrics that qkron promises to keep: their help texts and their buckets, in seconds.
    ///
    /// Call it before any of them is made; buckets cannot change afterwards.
    package func describeStableMetrics() {
        describe("qkron_build_info", help: "Always 1; the version is in the label.")
        describe("qkron_http_requests_total", help: "HTTP requests answered, by method, route and status.")
        describe(
            "qkron_http_request_duration_seconds", help: "Time from request to answer, by method and route.",
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
        describe("qkron_executions_total", help: "Executions that ended, by kind of task and status.")
        describe(
            "qkron_execution_duration_seconds", help: "Time from an execution's start to its end, by kind of task.",
            buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400])
        describe(
            "qkron_lateness_seconds", help: "Start of a scheduled execution minus the moment it was due.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600])
        describe("qkron_slots_total", help: "Slots that came due, by verdict and reason.")
        describe("qkron_executions_running", help: "Executions that this server is running.")
        describe(
            "qkron_executions_pending",
            help: "Executions that are due and wait for a server; every server of a database tells the same.")
        describe(
            "qkron_late_results_total",
            help: "Results refused because the lease of their execution had been lost.")
        describe("qkron_callbacks_total", help: "Tries of callbacks, by outcome.")
        describe("qkron_pruned_total", help: "Rows past retention that were pruned, by table.")
        describe("qkron_pruning_failures_total", help: "Times that the pruner failed and tried again.")
        describe("qkron_db_connections", help: "Connections to the database, by state.")
    }
}
