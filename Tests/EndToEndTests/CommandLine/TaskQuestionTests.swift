import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron task slots`, `dependencies` and `webhook-token`.
    @Suite struct TaskQuestionTests {
        @Test func `what became of a task's slots is told, oldest first, by verdict and within bounds`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask([
                "name": "often", "schedule_type": "interval", "schedule": "1s", "command": "true",
            ])
            try await eventually(within: .seconds(30), "three slots have run") {
                try await person.get("/tasks/\(id)/slots?verdict=ran&limit=10").items.count >= 3
            }
            _ = try await person.call("POST", "/tasks/\(id)/pause")
            let rows = try await person.get("/tasks/\(id)/slots?verdict=ran&limit=1000").items
            let answer = try await shell.qkron("task", "slots", "often", "--verdict", "ran", "--json")
            let told = try answer.json.items
            #expect(told.prefix(3).map(\.["scheduled_for"]) == rows.prefix(3).map(\.["scheduled_for"]), "\(answer)")
            #expect(told.first?.keys == ["scheduled_for", "verdict", "reason", "execution_id", "status"])
            let table = try await shell.qkron("task", "slots", "often", "--verdict", "ran", "--limit", "2")
            let lines = table.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].hasPrefix("SCHEDULED FOR"), "\(table)")
            #expect(lines[1].hasSuffix(rows[0]["execution_id"].string ?? "?") && lines[1].contains("  ran "))
            let third = try #require(rows[2]["scheduled_for"].string)
            let before = try await shell.qkron(
                "task", "slots", id, "--verdict", "ran", "--until", third, "--json")
            #expect(try before.json.items.map(\.["scheduled_for"]) == rows.prefix(2).map(\.["scheduled_for"]))
            let since = try await shell.qkron("task", "slots", id, "--since", third, "--json")
            #expect(try since.json.items.first?["scheduled_for"] == .string(third), "\(since)")
            for (code, flags) in [(5, ["--verdict", "odd"]), (5, ["--since", "x"]), (64, ["--limit", "0"])] {
                let refused = try await shell.run(["task", "slots", "often"] + flags)
                #expect(refused.end == .exited(Int32(code)) && refused.output.isEmpty, "\(refused)")
            }
        }

        @Test func `what a task waits for is told`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let first = try await person.makeTask(["name": "first"])
            _ = try await person.makeTask(["name": "second", "dependencies": [.string(first)]])
            let answer = try await shell.qkron("task", "dependencies", "second", "--json")
            #expect(try answer.json["all_satisfied"] == false, "\(answer)")
            #expect(try answer.json["dependencies"][0]["task_id"] == .string(first))
            let page = try await shell.qkron("task", "dependencies", "second")
            let lines = page.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].hasPrefix("NAME   STATUS   ACTIVE  COMPLETED"), "\(page)")
            #expect(lines[1].hasPrefix("first  pending  yes     no         \(first)"), "\(page)")
            let free = try await shell.qkron("task", "dependencies", "first")
            #expect(free.output == "The task depends on no other.\n", "\(free)")
        }

        @Test func `a secret to run a task by is made, and ends the one before`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "hooked"])
            let first = try await shell.qkron("task", "webhook-token", "hooked", "--json")
            #expect(try first.hasSucceeded && first.json["task_id"] == .string(id), "\(first)")
            let secret = try #require(try first.json["webhook_token"].string)
            func trigger(_ secret: String) async throws -> Int {
                try await person.server.send(
                    "POST", "/api/v1/tasks/webhook/trigger/\(id)", headers: [("X-Webhook-Token", secret)]
                ).status
            }
            #expect(try await trigger(secret) == 200)
            let page = try await shell.qkron("task", "webhook-token", id)
            #expect(page.output.contains("\(shell.variables["QKRON_URL"] ?? "?")/api/v1/tasks/webhook/trigger/\(id)"))
            let line = try #require(page.output.split(separator: "\n").first)
            let second = try #require(line.split(separator: " ").last.map(String.init))
            #expect(try await trigger(second) == 200)
            #expect(try await trigger(secret) == 401)
        }
    }
}
