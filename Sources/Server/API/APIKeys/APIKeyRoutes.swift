import Domain
import HTTPTypes
import Operations
import Scheduling

/// The routes of people's keys for programs; no key reaches them.
struct APIKeyRoutes {
    let keys: APIKeyOperations

    var routes: [Route] {
        [
            Route(.post, "/api-keys", .createAPIKey, access: .user, status: .created, answering: create),
            Route(.get, "/api-keys", .listAPIKeys, access: .user, json: list),
            Route(.delete, "/api-keys/{key_id}", .revokeAPIKey, access: .ownerInPerson, answering: revoke),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        var reader = BodyReader(try await call.body.object())
        reader.require("name", "scopes")
        let name = reader.string("name", length: APIKey.nameLength)
        let scopes = reader.scopes()
        let expiresAt = reader.orNull("expires_at") { $0.time("expires_at") }
        let instant = expiresAt.or(nil)?.resolved(in: .utc)
        if expiresAt.or(nil) != nil, instant == nil {
            reader.fail("expires_at", "lies outside the years 0001 to 9999 in UTC", type: "datetime_parsing")
        }
        try reader.check()
        let made = try await keys.create(
            NewKey(name: name.or(""), scopes: scopes.or([]), expiresAt: instant), as: call.caller)
        return .json(
            MadeKeyJSON(key: made.key, secret: made.secret), status: .created, headers: [.cacheControl: "no-store"])
    }

    @Sendable private func list(_ call: Call) async throws -> ListAnswer<APIKey> {
        let (owner, window) = try call.query { reader in
            (reader.identifier("owner_id", of: User.self), reader.window())
        }
        return ListAnswer(try await keys.list(ownedBy: owner, window, as: call.caller), window)
    }

    @Sendable private func revoke(_ call: Call) async throws -> Answer {
        try await keys.revoke(try call.identifier("key_id"), as: call.caller)
        return .empty()
    }
}

extension BodyReader {
    /// What a key is for: at least one scope.
    fileprivate mutating func scopes() -> Sent<[APIKeyScope]> {
        guard case .value(let names) = strings("scopes", count: APIKey.mostScopes, length: 1...64) else {
            return .nothing
        }
        if names.isEmpty { fail("scopes", "must name at least one scope", type: "too_short") }
        let known = APIKeyScope.allCases.map(\.rawValue).joined(separator: ", ")
        let unknown = names.indices.filter { APIKeyScope(named: names[$0]) == nil }
        add(unknown.map { InputFault(["scopes", .index($0)], "may hold: \(known)", type: "enum") })
        return .value(names.compactMap { APIKeyScope(named: $0) })
    }
}
