import Domain
import HTTPTypes
import Operations

/// The routes of the pause of all firing.
struct SchedulerRoutes {
    let scheduler: SchedulerOperations

    var routes: [Route] {
        [
            Route(.get, "/scheduler", .showScheduler, access: .any, json: show),
            Route(.post, "/scheduler/pause", .pauseScheduler, access: .superuser, json: pause),
            Route(.post, "/scheduler/resume", .resumeScheduler, access: .superuser, json: resume),
        ]
    }

    @Sendable private func show(_ call: Call) async throws -> JSONValue {
        Self.json(try await scheduler.pause(seenBy: call.caller))
    }

    @Sendable private func pause(_ call: Call) async throws -> JSONValue {
        Self.json(try await scheduler.pause(as: call.caller))
    }

    @Sendable private func resume(_ call: Call) async throws -> JSONValue {
        try await scheduler.resume(as: call.caller)
        return Self.json(try await scheduler.pause(seenBy: call.caller))
    }

    private static func json(_ pause: FiringPause?) -> JSONValue {
        [
            "paused": .bool(pause != nil), "paused_at": pause.map { .time($0.pausedAt) } ?? .null,
            "paused_by": pause?.pausedBy.map(JSONValue.string) ?? .null,
        ]
    }
}
