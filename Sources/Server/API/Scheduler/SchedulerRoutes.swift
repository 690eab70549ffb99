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

    @Sendable private func show(_ call: Call) async throws -> PauseJSON {
        PauseJSON(pause: try await scheduler.pause(seenBy: call.caller))
    }

    @Sendable private func pause(_ call: Call) async throws -> PauseJSON {
        PauseJSON(pause: try await scheduler.pause(as: call.caller))
    }

    @Sendable private func resume(_ call: Call) async throws -> PauseJSON {
        try await scheduler.resume(as: call.caller)
        return PauseJSON(pause: try await scheduler.pause(seenBy: call.caller))
    }
}

/// The pause of all firing, or that there is none, as it is answered.
private struct PauseJSON: JSONWritable {
    let pause: FiringPause?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("paused", pause != nil)
            json.member("paused_at", pause?.pausedAt)
            json.member("paused_by", pause?.pausedBy)
        }
    }
}
