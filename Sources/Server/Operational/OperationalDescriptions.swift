import Domain
import Operations

/// What is told of the routes that probes ask, and of the root.
extension RouteDescription {
    static let root = RouteDescription(
        "showRoot", .health, "Who is there",
        answers: .json(
            JSONSchema.answer(["name": .text, "version": .text, "docs": .text]).named("Greeting")))
    static let health = RouteDescription(
        "showHealth", .health, "How the parts are", detail: "200 also where one of them is not well.",
        answers: .json(
            JSONSchema.answer([
                "status": .choice("healthy", "degraded"), "version": .text, "timestamp": .time, "database": part,
                "scheduler": part, "executor": part, "redis": .choice("disabled").note("There is none."),
            ]).named("Health")))
    static let readiness = RouteDescription(
        "showReadiness", .health, "Whether requests are taken", detail: "Answers within 2 s.",
        answers: .json(JSONSchema.answer(["status": .choice("ready")]).named("Readiness")))
    static let liveness = RouteDescription(
        "showLiveness", .health, "Whether the process serves",
        answers: .json(JSONSchema.answer(["status": .choice("alive")]).named("Liveness")))
    static let metrics = RouteDescription(
        "showMetrics", .health, "Metrics for Prometheus", answers: .texts(mediaTypes: ["text/plain"]))

    private static let part = JSONSchema.choice(of: Health.self)
}
