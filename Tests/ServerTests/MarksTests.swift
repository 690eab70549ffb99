import Domain
import HTTPTypes
import Testing

@testable import Server

/// A mebibyte that takes minutes to bring into normal form: marks above and below a letter by turns. Compared once with
/// anything as Swift compares strings, it would outlast the limit.
private let marks = "a" + String(repeating: "\u{301}\u{316}", count: 262_000)

@Suite(.timeLimit(.minutes(1))) struct MarksTests {
    @Test(arguments: [
        "name", "description", "task_type", "schedule_type", "schedule", "timezone", "starts_at", "misfire_policy",
        "timeout", "is_active", "env", "metadata_info", "dst_policy", "jitter", "callback_url", "status",
    ])
    func `a field of marks is at fault`(field: String) {
        let draft = TaskDraft(changing: [TextKey(field): .string(marks), TextKey(marks): nil])
        let isHanded = field == "env"  // To the runner of the kind.
        #expect(draft.faults.map(\.place) == (isHanded ? [] : [[.key(field)]]))
    }

    @Test func `keys, tags and unusable values of marks are looked at`() {
        let twin = marks + "x"
        let draft = TaskDraft(creating: [
            "tags": [.string(marks), .string(marks), .string(twin)],
            "metadata_info": [TextKey(marks): 1, TextKey(twin): 2],
        ])
        #expect(draft.faults.map(\.type) == ["string_too_long", "string_too_long", "string_too_long"])
        #expect(BodyReader([TextKey(marks): "\0", TextKey(twin): "\0"]).faults.count == 2)
    }

    @Test func `a query of marks is read`() {
        var reader = QueryReader(
            "\(marks)=1&status=\(marks),\(marks)&page=\(marks)&is_active=\(marks)&since=\(marks) x")
        _ = (reader.choices("status", of: TaskStatus.self), reader.window(), reader.bool("is_active"))
        _ = (reader.time("since"), reader.texts("tag"), reader.identifier("goal_id", of: Goal.self))
        #expect(reader.faults.map(\.place) == [["status"], ["status"], ["page"], ["is_active"], ["since"]])
    }

    @Test func `a form of marks is read`() async throws {
        try await TestServer.with { server in
            let half = String(marks.unicodeScalars.prefix(170_000))
            let form = ["Content-Type: application/x-www-form-urlencoded"]
            let answer = await server.send("POST", "/form", form, body: "\(half)=1&\(half)x=2&name=\(half)")
            #expect(answer.status == 200)
            #expect(answer.json.count == 3)
        }
    }

    @Test func `a path of marks leads nowhere`() {
        let table = RouteTable([Route(.get, "/tasks/{task_id}", access: .open) { _ in [:] }])
        func leads(_ path: String) -> Bool {
            if case .nothing = table.match(.get, path: path) { false } else { true }
        }
        #expect(!leads("/api/v1/\(marks)/\(marks)") && leads("/api/v1/tasks/\(marks)"))
    }

    @Test func `credentials of marks are looked at`() {
        #expect(Gate.bearerToken(in: "Bearer \(marks)")?.utf8.count == marks.utf8.count)
        for field in ["\(marks) x", "Bearer\u{301} x", marks] { #expect(Gate.bearerToken(in: field) == nil) }
    }
}
