import Domain
import Foundation
import HTTPTypes
import Operations

/// The routes that probes ask.
struct HealthRoutes {
    let health: HealthOperations
    let version: String

    var routes: [Route] {
        [
            Route(.get, "/health", .health, base: .both, access: .open, json: report).counted(as: .probe),
            Route(.get, "/ready", .readiness, base: .both, access: .open, json: readiness).counted(as: .probe),
            Route(.get, "/live", .liveness, base: .both, access: .open) { _ in ["status": "alive"] }.counted(
                as: .probe),
        ]
    }

    @Sendable private func report(_: Call) async -> JSONValue {
        let report = await health.report()
        return [
            "status": report.isHealthy ? "healthy" : "degraded", "version": .string(version),
            "timestamp": .moment(Date()),
            "database": .string(report.database.rawValue), "scheduler": .string(report.scheduler.rawValue),
            "executor": .string(report.executor.rawValue), "redis": "disabled",
        ]
    }

    @Sendable private func readiness(_: Call) async throws -> JSONValue {
        guard await health.isReady() else {
            var problem = Problem(.notReady, "The server cannot take requests at the moment.")
            problem.extensions["status_text"] = "not ready"
            throw problem
        }
        return ["status": "ready"]
    }
}
