import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron task pause`, `resume` and `delete`, of one task and of all with a tag.
    @Suite struct TaskStandingTests {
        @Test func `one task is paused, resumed and deleted, told as the API answers`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "one"])
            for (verb, isActive) in [("pause", false), ("resume", true)] {
                let answer = try await shell.qkron("task", verb, "one", "--json")
                #expect(answer.hasSucceeded, "\(answer)")
                #expect(try answer.json.keys == ["message", "task_id"] && answer.json["task_id"] == .string(id))
                #expect(try await person.get("/tasks/\(id)")["is_active"] == .bool(isActive))
            }
            let gone = try await shell.qkron("task", "delete", id, "--json")
            #expect(try gone.hasSucceeded && gone.json == ["task_id": .string(id)], "\(gone)")
            #expect(try await person.call("GET", "/tasks/\(id)").status == 404)
        }

        @Test func `all tasks with the tags are paused, resumed and deleted, and no other`() async throws {
            let (shell, person) = try await Shell.newcomer()
            for (name, tags) in [("a", ["x", "y"]), ("b", ["x"]), ("c", ["y"])] as [(JSON, JSON)] {
                _ = try await person.makeTask(["name": name, "tags": tags])
            }
            func names(_ filter: String) async throws -> Set<String> {
                Set(try await person.get("/tasks?limit=10&\(filter)").items.compactMap { $0["name"].string })
            }
            let paused = try await shell.qkron("task", "pause", "--tag", "x")
            #expect(paused.hasSucceeded && paused.output == "Paused 2 tasks.\n", "\(paused)")
            #expect(try await names("is_active=false") == ["a", "b"])
            let listed = try await shell.qkron("task", "list", "--active", "--json")
            #expect(try listed.json.items.map(\.["name"]) == ["c"])
            #expect(try await shell.qkron("task", "list", "--paused", "--json").json.items.count == 2)
            let resumed = try await shell.qkron("task", "resume", "--tag", "x", "--tag", "y", "--json")
            #expect(try resumed.json == ["action": "resume", "count": 1], "\(resumed)")
            #expect(try await names("is_active=true") == ["a", "c"])

            let unasked = try await shell.qkron("task", "delete", "--tag", "x")
            #expect(unasked.failed(64, "--yes") && unasked.output.isEmpty, "\(unasked)")
            #expect(try await names("") == ["a", "b", "c"])
            let deleted = try await shell.qkron("task", "delete", "--tag", "x", "--yes")
            #expect(deleted.hasSucceeded && deleted.output == "Deleted 2 tasks.\n", "\(deleted)")
            #expect(try await names("") == ["c"])
            let none = try await shell.qkron("task", "delete", "--tag", "x", "--yes", "--json")
            #expect(try none.json == ["action": "delete", "count": 0], "\(none)")
        }

        @Test func `somebody at a terminal is asked before many tasks are deleted`() async throws {
            let (shell, person) = try await Shell.newcomer()
            for name in ["a", "b"] as [JSON] { _ = try await person.makeTask(["name": name, "tags": ["gone"]]) }
            for (reply, code, left) in [("n", 1, 2), ("", 1, 2), ("y", 0, 0)] as [(String, Int32, Int)] {
                let answer = try await Tool(workspace: shell.server.workspace).run(
                    [try Tool.find("script"), "-qec", "'\(try Tool.qkron())' task delete --tag gone", "/dev/null"],
                    environment: shell.variables, input: "\(reply)\n")
                #expect(answer.end == .exited(code), "\(answer)")
                #expect(answer.output.contains("Delete 2 tasks with the tag gone, and all executions? [y/N]"))
                #expect(answer.output.contains("Nothing was done.") == (code == 1), "\(answer)")
                #expect(try await person.get("/tasks?limit=10").items.count == left, "\(reply)")
            }
        }
    }
}
