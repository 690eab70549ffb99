import Domain
import Foundation
import HTTPTypes
import Operations
import Scheduling

/// The route that tells when a schedule would fire.
struct PreviewRoutes {
    var routes: [Route] {
        [Route(.post, "/schedules/preview", .previewSchedule, access: .anyOrService, scope: .readTasks, json: preview)]
    }

    @Sendable private func preview(_ call: Call) async throws -> SchedulePreview {
        let request = PreviewRequest(reading: try await call.body.object())
        return try SchedulePreview(request, now: Date())
    }
}
