import Domain
import HTTPTypes
import Operations

/// The route of the audit log.
struct AuditRoutes {
    let audit: AuditOperations

    var routes: [Route] {
        [Route(.get, "/audit", .listAudit, access: .superuser, json: list)]
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<AuditRow> {
        let (filter, window) = try call.query { reader in (AuditFilter(&reader), reader.window()) }
        return ListAnswer(try await audit.list(filter, window, as: call.caller), window)
    }
}

extension AuditFilter {
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        actor = query.identifier("actor_id", of: Principal.self)
        key = query.identifier("api_key_id", of: APIKey.self)
        action = query.text("action", upTo: 255)
        resourceType = query.text("resource_type", upTo: 255)
        resourceID = query.text("resource_id", upTo: 255)
        since = query.time("since")
        until = query.time("until")
    }
}
