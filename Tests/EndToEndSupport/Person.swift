import Foundation

/// Somebody who is logged in at a server. The token outlives restarts.
package struct Person: Sendable {
    package let server: QkronServer
    package let id: String
    package let username: String
    package let password: String
    package let token: String

    /// Somebody who is known at `server`.
    package init(server: QkronServer, id: String, username: String, password: String, token: String) {
        self.server = server
        self.id = id
        self.username = username
        self.password = password
        self.token = token
    }

    /// Sends a request under /api/v1 with this person's token.
    package func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> HTTPResponse {
        try await server.call(method, path, body, token: token)
    }

    package func get(_ path: String) async throws -> JSON {
        let response = try await call("GET", path)
        guard response.status == 200 else { throw Tool.Failure(description: "GET \(path): \(response)") }
        return try response.json
    }

    /// Creates a task that is due in years unless `fields` say otherwise, and answers its id.
    package func makeTask(_ fields: JSON) async throws -> String {
        let response = try await call("POST", "/tasks", Self.task.merging(fields))
        guard response.status == 201, let id = try response.json["id"].string else {
            throw Tool.Failure(description: "POST /tasks: \(response)")
        }
        return id
    }

    /// Runs a task by hand and answers the execution's id.
    package func execute(_ task: String) async throws -> String {
        let response = try await call("POST", "/tasks/\(task)/execute")
        guard response.status == 200, let id = try response.json["execution_id"].string else {
            throw Tool.Failure(description: "execute: \(response)")
        }
        return id
    }

    package func execution(_ id: String, of task: String) async throws -> JSON {
        try await get("/tasks/\(task)/executions/\(id)")
    }

    /// All executions of a task, oldest slot first.
    package func executions(of task: String, _ filter: String = "") async throws -> [JSON] {
        let rows = try await get("/tasks/\(task)/executions?limit=1000&\(filter)").items
        return rows.sorted { ($0["scheduled_for"].string ?? "") < ($1["scheduled_for"].string ?? "") }
    }

    /// Waits until an execution has one of these statuses.
    @discardableResult
    package func execution(
        _ id: String, of task: String, is statuses: String..., within limit: Duration = .seconds(30)
    ) async throws -> JSON {
        try await eventually(within: limit, "execution \(id) is \(statuses.joined(separator: " or "))") {
            let execution = try await execution(id, of: task)
            guard statuses.contains(execution["status"].string ?? "") else { return nil }
            return execution
        }
    }

    /// A task that never comes due while tests run.
    package static let task: JSON = [
        "name": "a task", "command": "true", "schedule_type": "once", "schedule": "2120-01-01T00:00:00Z",
    ]
}

extension QkronServer {
    /// Sends a request under /api/v1.
    package func call(
        _ method: String, _ path: String, _ body: JSON? = nil, token: String? = nil
    ) async throws -> HTTPResponse {
        var headers: [(String, String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return try await send(method, "/api/v1\(path)", headers: headers, body: try body?.bytes)
    }

    package func logIn(_ username: String, _ password: String) async throws -> HTTPResponse {
        try await call("POST", "/auth/login", ["username": .string(username), "password": .string(password)])
    }

    /// Registers somebody new and logs them in.
    package func newcomer() async throws -> Person {
        let name = "user-\(UUID().uuidString.lowercased())"
        let password = "correct horse"
        let answer = try await call(
            "POST", "/auth/register",
            ["username": .string(name), "email": "\(name)@tests.example", "password": .string(password)])
        guard answer.status == 201, let id = try answer.json["id"].string else {
            throw Tool.Failure(description: "register: \(answer)")
        }
        return try await person(id: id, name, password)
    }

    /// The superuser that the settings make.
    package func superuser() async throws -> Person {
        try await person(id: "", Self.superuser.name, Self.superuser.password)
    }

    private func person(id: String, _ name: String, _ password: String) async throws -> Person {
        let answer = try await logIn(name, password)
        guard answer.status == 200, let token = try answer.json["access_token"].string else {
            throw Tool.Failure(description: "login: \(answer)")
        }
        return Person(server: self, id: id, username: name, password: password, token: token)
    }
}
