import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// What the description says of bodies is what their readers enforce.
    @Suite struct LimitTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        /// The words for a value that is out of its limits.
        private static let words: Set<String> = [
            "string_too_long", "string_too_short", "string_length", "out_of_range", "too_long", "too_short", "enum",
            "string_type", "int_type", "bool_type", "dict_type", "list_type", "null_not_allowed",
        ]

        /// A body that is good, for each operation that reads one. Whatever else is wrong with a request, the faults of
        /// its body are told before.
        private static let bodies: [String: JSON] = [
            "createTask": Person.task, "changeTask": [:], "patchTask": [:],
            "previewSchedule": ["schedule_type": "cron", "schedule": "0 2 * * *"],
            "register": ["email": "limits@tests.example", "username": "limits", "password": "correct horse"],
            "logIn": ["username": "nobody-at-all", "password": "correct horse"],
            "createUser": ["email": "limits@tests.example", "username": "limits", "password": "correct horse"],
            "changeUser": [:], "patchUser": [:], "createAPIKey": ["name": "limits", "scopes": ["tasks:read"]],
            "changeTasks": ["action": "pause", "tags": ["no task has this tag"]],
        ]

        @Test func `a value at a limit of the description is taken, and one beyond it refused by name`() async throws {
            let document = try await server.send("GET", "/openapi.json").json
            let checker = SchemaChecker(document)
            let root = try await server.superuser()
            let task = try await root.makeTask([:])
            var count = 0
            for operation in document.operations {
                let schema = operation.json["requestBody"]["content"]["application/json"]["schema"]
                guard schema != .null else { continue }
                let body = try #require(
                    Self.bodies[operation.name], "a good body for \(operation.name) is missing here")
                let path = operation.path.replacingOccurrences(
                    of: "\\{[^}]*\\}", with: task, options: .regularExpression)
                for boundary in Boundary.all(of: schema, in: checker) {
                    count += 1
                    let answer = try await server.send(
                        operation.method, path,
                        headers: [("Authorization", "Bearer \(root.token)"), ("Content-Type", "application/json")],
                        body: try body.merging(.object([boundary.field: boundary.value])).bytes)
                    let told: Comment =
                        "\(operation.name) \(boundary.place): \(boundary.value.description.prefix(60)): \(answer)"
                    if boundary.isWithin {
                        #expect(answer.faults(at: boundary.place).isDisjoint(with: Self.words), told)
                    } else {
                        #expect(answer.status == 422 && !answer.faults(at: boundary.place).isEmpty, told)
                    }
                }
            }
            #expect(count > 200)
        }
    }
}

extension HTTPResponse {
    /// The words for the faults of a place, of what is in it and of what it is in.
    fileprivate func faults(at place: String) -> Set<String> {
        guard let problem = try? json else { return [] }
        return Set(
            problem["errors"].items.compactMap { fault in
                let found = fault["loc"].items.map { $0.string ?? "0" }.joined(separator: ".")
                return found.hasPrefix(place) || place.hasPrefix(found) ? fault["type"].string : nil
            })
    }
}
