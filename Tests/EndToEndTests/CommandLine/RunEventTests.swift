import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron task logs --json` and `qkron execution rerun`.
    @Suite struct RunEventTests {
        @Test func `the events of a run are told one a line, while it runs and afterwards`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask([
                "name": "bad", "command": "echo out; sleep 1; echo err >&2; exit 3", "max_retries": 0,
            ])
            let execution = try await person.execute(id)
            let live = try await shell.qkron("task", "logs", "bad", "-f", "--json")
            #expect(live.failed(1, "The run ended as failed: Exit code: 3"), "\(live)")
            try await person.execution(execution, of: id, is: "failed")
            let later = try await shell.qkron("task", "logs", "bad", "--json", "--execution", execution)
            #expect(later.hasSucceeded && later.error.isEmpty, "\(later)")
            for answer in [live, later] {
                let events = try answer.jsonLines
                #expect(events.allSatisfy { $0.keys == ["event", "id", "data"] && $0["id"].string != nil })
                let text = { (name: JSON) in
                    events.filter { $0["event"] == name }.compactMap { $0["data"]["text"].string }.joined()
                }
                #expect(text("stdout") == "out\n" && text("stderr") == "err\n", "\(answer)")
                #expect(events.first?["event"] == "status")
                #expect(events.last?["event"] == "end")
                #expect(events.last?["data"] == ["status": "failed", "reason": "exit_code", "return_code": 3])
            }
        }

        @Test func `what has not ended is told as it stands, without waiting`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "sleeper", "command": "sleep 300"])
            let execution = try await person.execute(id)
            try await person.execution(execution, of: id, is: "running")
            let answer = try await shell.qkron("task", "logs", "sleeper", "--json")
            #expect(
                try answer.jsonLines == [
                    ["event": "status", "id": nil, "data": ["status": "running", "attempt_number": 1]]
                ], "\(answer)")
            let ended = try await shell.qkron("execution", "cancel", execution, "--json")
            #expect(try ended.json["execution_id"] == .string(execution), "\(ended)")
            try await person.execution(execution, of: id, is: "cancelled")
        }

        @Test func `an execution is repeated, by its id alone or with its task`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "again", "command": "echo out; exit 2", "max_retries": 0])
            let first = try await person.execute(id)
            try await person.execution(first, of: id, is: "failed")
            let told = try await shell.qkron("execution", "rerun", first)
            #expect(told.hasSucceeded && told.output.hasPrefix("It runs as soon as it may: execution "), "\(told)")
            let started = try await shell.qkron("execution", "rerun", first, "--task", "again", "--json")
            let second = try #require(try started.json["execution_id"].string)
            #expect(try started.json["task_id"] == .string(id) && second != first)
            let repeated = try await person.execution(second, of: id, is: "failed", "skipped")
            #expect(repeated["retry_of"] == .string(first))
            let waited = try await shell.qkron("execution", "rerun", first, "--wait")
            #expect(waited.failed(1, "Exit code: 2") && waited.output == "out\n", "\(waited)")
            let since = try #require(try await person.execution(first, of: id)["scheduled_for"].string)
            let listed = try await shell.qkron("execution", "list", "--since", since, "--json")
            #expect(try listed.json.items.count == 4, "a rerun is for the slot of what it repeats")
            #expect(try await shell.qkron("execution", "list", "--until", since, "--json").json == [])
            let sleeper = try await person.makeTask(["name": "sleeper", "command": "sleep 300"])
            let running = try await person.execute(sleeper)
            try await person.execution(running, of: sleeper, is: "running")
            #expect(try await shell.qkron("execution", "rerun", running).failed(5, "ended"))
            _ = try await person.call("POST", "/tasks/\(sleeper)/executions/\(running)/cancel")
        }
    }
}
