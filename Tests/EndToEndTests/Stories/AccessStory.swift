import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Walks every route of docs/access.md, which is written from the routes, as every kind of caller.
    @Suite struct AccessStory {
        @Test func `each route lets in whom the table names, and nobody else`() async throws {
            try await Story.tell("access") { story in
                let server = try await story.server(
                    database: try await story.database(),
                    settings: [
                        // Of "the service key".
                        "API_KEY_HASH": "e4786b23ebdabadd1ec034d69fe17db28a166825be58f9711f7af3103a14ebbc",
                        "COMMAND_ROLES": "user,superuser,service", "METRICS_REQUIRE_AUTH": "true",
                    ])
                let cast = try await Cast(server)
                let rows = try AccessRow.all()
                try #require(rows.count > 25)
                for row in rows {
                    for caller in cast.callers {
                        let isDue = row.admits(caller)
                        let answer = try await cast.call(row, as: caller)
                        let isRefused = [
                            "not_authenticated", "role_required", "scope_required", "not_owner",
                        ].contains(answer.status >= 400 ? try answer.json["error_code"].string : nil)
                        #expect(isRefused != isDue, "\(row.method) \(row.path) as \(caller.name): \(answer)")
                        let status = caller.isAnonymous ? 401 : 403
                        if !isDue { #expect(answer.status == status, "\(row.method) \(row.path) as \(caller.name)") }
                        #expect(answer.status < 500, "\(row.method) \(row.path) as \(caller.name): \(answer)")
                    }
                }
            }
        }
    }
}

/// One line of the table of routes.
private struct AccessRow {
    let method: String
    let path: String
    let who: String
    let scope: String?

    static func all() throws -> [AccessRow] {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/access.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = text.split(separator: "\n").compactMap { line -> AccessRow? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            guard cells.count == 4, cells[1].hasPrefix("/") else { return nil }
            return AccessRow(method: cells[0], path: cells[1], who: cells[2], scope: cells[3] == "–" ? nil : cells[3])
        }
        // The last table tells how the server is configured here, and holds in place of the first.
        return rows.enumerated().filter { index, row in
            !rows[(index + 1)...].contains { $0.method == row.method && $0.path == row.path }
        }.map(\.element)
    }

    /// Whether the table lets a caller in, all rows being the owner's.
    func admits(_ caller: Cast.Caller) -> Bool {
        if scope == "any" { return true }
        if let scope = caller.scope { guard scope == self.scope else { return false } }
        if who == "anonymous" { return true }
        if who == "superuser, service, key", caller.scope != nil { return true }
        return switch (who, caller.role) {
        case (_, .anonymous): false
        case (_, .superuser): true
        case ("any", .service), ("user", .service), ("reader", .service), ("owner", .service),
            ("owner in person", .service), ("self, superuser", .service), ("superuser", .service):
            false
        case (_, .service): true
        case ("any", _), ("any, service", _): true
        case ("user", let role), ("user, service", let role): role != .viewer
        case ("reader", let role): role != .stranger
        case ("owner", let role), ("owner in person", let role), ("self, superuser", let role): role == .owner
        default: false
        }
    }
}

/// Everybody who might call, and what belongs to one of them.
private struct Cast {
    enum Role { case anonymous, viewer, owner, stranger, superuser, service }

    struct Caller {
        let name: String
        let role: Role
        var scope: String?
        let headers: [(String, String)]

        var isAnonymous: Bool { role == .anonymous }
    }

    let server: QkronServer
    let owner: Person
    let superuser: Person
    let task: String
    let run: String
    let callers: [Caller]

    init(_ server: QkronServer) async throws {
        self.server = server
        superuser = try await server.superuser()
        owner = try await server.newcomer()
        let stranger = try await server.newcomer()
        let viewer = try await server.newcomer()
        let demoted = try await superuser.call("PUT", "/users/\(viewer.id)", ["role": "viewer"])
        try #require(demoted.status == 200)
        task = try await owner.makeTask([:])
        run = try await owner.execute(task)
        try await owner.execution(run, of: task, is: "completed")
        func bearer(_ person: Person) -> [(String, String)] { [("Authorization", "Bearer \(person.token)")] }
        var callers = [
            Caller(name: "nobody", role: .anonymous, headers: []),
            Caller(name: "a viewer", role: .viewer, headers: bearer(viewer)),
            Caller(name: "the owner", role: .owner, headers: bearer(owner)),
            Caller(name: "another user", role: .stranger, headers: bearer(stranger)),
            Caller(name: "a superuser", role: .superuser, headers: bearer(superuser)),
            Caller(name: "the service", role: .service, headers: [("X-API-Key", "the service key")]),
        ]
        for scope in ["tasks:read", "tasks:write", "tasks:execute", "metrics", "queue"] {
            let isOwners = scope != "queue"
            let key = try await Self.key(scope, of: isOwners ? owner : superuser)
            callers.append(
                Caller(
                    name: "a key for \(scope)", role: isOwners ? .owner : .superuser, scope: scope,
                    headers: [("X-API-Key", key)]))
        }
        for (person, role) in [(stranger, Role.stranger), (superuser, .superuser)] {
            let key = try await Self.key("tasks:write", of: person)
            callers.append(
                Caller(
                    name: "a key of \(role)", role: role, scope: "tasks:write", headers: [("X-API-Key", key)]))
        }
        self.callers = callers
    }

    private static func key(_ scope: String, of person: Person) async throws -> String {
        let answer = try await person.call("POST", "/api-keys", ["name": "a key", "scopes": [.string(scope)]])
        return try #require(try answer.json["key"].string, "\(answer)")
    }

    /// Sends the request that a row tells of, about what is the owner's; what a request removes is made for it.
    func call(_ row: AccessRow, as caller: Caller) async throws -> HTTPResponse {
        let isRemoval = row.method == "DELETE"
        var path = row.path.replacingOccurrences(of: "{execution_id}", with: run)
        if path.contains("{task_id}") {
            path = path.replacingOccurrences(of: "{task_id}", with: isRemoval ? try await owner.makeTask([:]) : task)
        }
        if path.contains("{user_id}") {
            path = path.replacingOccurrences(
                of: "{user_id}", with: isRemoval ? try await server.newcomer().id : owner.id)
        }
        if path.contains("{key_id}") {
            let made = try await owner.call("POST", "/api-keys", ["name": "a key", "scopes": ["queue", "metrics"]])
            let key = try await owner.call("POST", "/api-keys", ["name": "a key", "scopes": ["metrics"]])
            try #require(made.status == 403 && key.status == 201)
            path = path.replacingOccurrences(of: "{key_id}", with: try #require(try key.json["id"].string))
        }
        if row.path.contains("/webhook/trigger/") {
            // Whose task it is does not matter to whoever knows its secret.
            let made = try await owner.call("POST", "/tasks/\(task)/webhook-token")
            path += "?token=" + (try #require(try made.json["webhook_token"].string, "\(made)"))
        }
        // What is nobody's is not found once somebody is let in.
        path = path.replacingOccurrences(of: "\\{[a-z_]+\\}", with: OwnershipTests.nobodys, options: .regularExpression)
        let body: JSON = [:]
        let sendsBody = row.method != "GET" && row.method != "DELETE"
        return try await server.send(
            row.method, path,
            headers: caller.headers + (sendsBody ? [("Content-Type", "application/json")] : []),
            body: sendsBody ? try body.bytes : nil)
    }
}

private typealias OwnershipTests = EndToEnd.OwnershipTests
