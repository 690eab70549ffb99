import Domain
import HTTPTypes
import Testing

@testable import Server

private let table = RouteTable([
    Route(.get, "/", base: .root, access: .anonymous) { _ in [:] },
    Route(.get, "/live", base: .both, access: .open) { _ in [:] },
    Route(.get, "/tasks", access: .any) { _ in [:] },
    Route(.post, "/tasks", access: .user) { _ in [:] },
    Route(.get, "/tasks/ingest", access: .any) { _ in [:] },
    Route(.get, "/tasks/{task_id}", access: .reader) { _ in [:] },
    Route(.post, "/tasks/{task_id}/executions/{execution_id}/cancel", access: .owner) { _ in [:] },
])

private func template(_ method: HTTPRequest.Method, _ path: String) -> String? {
    guard case .route(_, let template, _) = table.match(method, path: path) else { return nil }
    return template
}

@Test(arguments: [
    ("/", "/"), ("/live", "/live"), ("/live/", "/live"), ("/api/v1/live", "/api/v1/live"),
    ("/api/v1/tasks", "/api/v1/tasks"), ("/api/v1/tasks/", "/api/v1/tasks"), ("/api/v1/t%61sks", "/api/v1/tasks"),
    ("/api/v1/tasks/ingest", "/api/v1/tasks/ingest"), ("/api/v1/tasks/x", "/api/v1/tasks/{task_id}"),
    ("/api/v1/tasks/x/", "/api/v1/tasks/{task_id}"), ("/api/v1/tasks/%FF", "/api/v1/tasks/{task_id}"),
])
func `a path leads to its route`(path: String, expected: String) {
    #expect(template(.get, path) == expected)
    #expect(template(.head, path) == expected)
}

@Test(arguments: [
    "", "*", "x", "/tasks", "/api/v1", "/api/v1/nothing", "/api/v1//tasks", "/api/v1/tasks//", "/api/v1/tasks/x/y",
    "/api/v1/tasks/x/executions", "/api/v2/tasks", "/%00",
])
func `an unknown path leads nowhere`(path: String) {
    guard case .nothing = table.match(.get, path: path) else {
        Issue.record("\(path) leads somewhere")
        return
    }
}

@Test(arguments: [
    (HTTPRequest.Method.delete, "/api/v1/tasks", "GET HEAD OPTIONS POST"), (.options, "/live", "GET HEAD OPTIONS"),
    (.get, "/api/v1/tasks/x/executions/y/cancel", "OPTIONS POST"),
    (.head, "/api/v1/tasks/x/executions/y/cancel", "OPTIONS POST"),
])
func `another method of a known path is told which there are`(
    method: HTTPRequest.Method, path: String, expected: String
) {
    guard case .otherMethod(let allowed, _) = table.match(method, path: path) else {
        Issue.record("\(path) answers \(method)")
        return
    }
    #expect(allowed.map(\.rawValue).joined(separator: " ") == expected)
}

@Test func `what varies in a path is decoded`() {
    guard case .route(_, _, let values) = table.match(.post, path: "/api/v1/tasks/a%20b/executions/%ff/cancel") else {
        Issue.record("no route")
        return
    }
    #expect(values["task_id"] == "a b")
    #expect(values["execution_id"] == nil)
}
