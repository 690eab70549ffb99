import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron task` and `qkron execution`.
    @Suite struct TaskCommandTests {
        @Test func `a task is made, listed, shown, changed, paused, resumed and deleted`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let made = try await shell.qkron(
                "task", "create", "--name", "backup", "--command", "echo one\necho two", "--cron", "0 2 * * 1-5",
                "--tz",
                "Europe/Berlin", "--timeout", "60", "--retries", "1", "--retry-delay", "5", "--env", "A=b=c", "--env",
                "EMPTY=", "--tag", "nightly", "--tag", "db", "--overlap", "queue", "--priority", "7", "--json")
            #expect(made.hasSucceeded, "\(made)")
            let task = try made.json
            #expect(task["env"] == ["A": "b=c", "EMPTY": ""] && task["max_retries"] == 1 && task["priority"] == 7)
            #expect(task["schedule_type"] == "cron" && task["timezone"] == "Europe/Berlin" && task["timeout"] == 60)
            #expect(Set(task["tags"].items.compactMap(\.string)) == ["nightly", "db"])
            let id = try #require(task["id"].string)

            let table = try await shell.qkron("task", "list", "--tag", "nightly", "--tag", "db", "--name", "BACK")
            let lines = table.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("NAME    STATUS"), "\(table)")
            #expect(lines[1].hasPrefix("backup  pending  yes     0 2 * * 1-5") && lines[1].hasSuffix(id))
            #expect(try await shell.qkron("task", "list", "--tag", "daily", "--json").json == [])

            for name in ["backup", id, id.uppercased()] {
                let page = try await shell.qkron("task", "show", name)
                #expect(
                    page.output.contains("Schedule  Every weekday at 02:00, Europe/Berlin (0 2 * * 1-5)"), "\(page)")
                #expect(page.output.hasSuffix("Command\n  echo one\n  echo two\n"), "\(page)")
            }
            let file = try shell.file("body.json", #"{"timeout": 5, "description": "from a file", "priority": 2}"#)
            let changed = try await shell.qkron("task", "update", "backup", "--file", file, "--timeout", "9", "--json")
            #expect(try changed.json["timeout"] == 9 && changed.json["description"] == "from a file", "\(changed)")
            #expect(try changed.json["priority"] == 2)
            let hook = "https://example.org/hook"
            for (text, value) in [(hook, JSON.string(hook)), ("", .null)] {
                let told = try await shell.qkron("task", "update", "backup", "--callback-url", text, "--json")
                #expect(try told.json["callback_url"] == value, "\(told)")
            }

            #expect(try await shell.qkron("task", "pause", "backup").hasSucceeded)
            #expect(try await person.get("/tasks/\(id)")["is_active"] == false)
            #expect(try await shell.qkron("task", "show", "backup").output.contains("paused"))
            #expect(try await shell.qkron("task", "resume", id).hasSucceeded)
            #expect(try await person.get("/tasks/\(id)")["is_active"] == true)
            #expect(try await shell.qkron("task", "delete", "backup").hasSucceeded)
            #expect(try await person.call("GET", "/tasks/\(id)").status == 404)
        }

        @Test func `a run is waited for, with its output on its streams, and its end is the exit code`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let good = try await person.makeTask(["name": "good", "command": "echo out; echo err >&2"])
            _ = try await person.makeTask(["name": "bad", "command": "echo before; exit 7", "max_retries": 0])
            let success = try await shell.qkron("task", "run", "good", "--wait")
            #expect(success.hasSucceeded && success.output == "out\n" && success.error == "err\n", "\(success)")
            let failure = try await shell.qkron("task", "run", "bad", "--wait")
            #expect(failure.end == .exited(1) && failure.output == "before\n", "\(failure)")
            #expect(failure.error == "qkron: The run ended as failed: Exit code: 7\n")
            let json = try await shell.qkron("task", "run", "bad", "--wait", "--json")
            #expect(try json.end == .exited(1) && json.json["return_code"] == 7, "\(json)")

            let started = try await shell.qkron("task", "run", "good", "--json")
            let execution = try #require(try started.json["execution_id"].string)
            try await person.execution(execution, of: good, is: "completed")
            #expect(try await shell.qkron("task", "logs", "good").output == "out\n")
            let logs = try await shell.qkron("task", "logs", "bad", "-f")
            #expect(logs.end == .exited(1) && logs.output == "before\n", "\(logs)")
            #expect(try await shell.qkron("task", "logs", "good", "-f", "--execution", execution).hasSucceeded)
        }

        @Test func `executions are listed, shown and cancelled`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "sleeper", "command": "echo started; sleep 300"])
            let execution = try await person.execute(id)
            try await person.execution(execution, of: id, is: "running")
            let table = try await shell.qkron("execution", "list", "--task", "sleeper", "--status", "running")
            let lines = table.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("TASK     STATUS   REASON"), "\(table)")
            #expect(lines[1].hasPrefix("sleeper  running  -") && lines[1].hasSuffix(execution))
            let cancelled = try await shell.qkron("execution", "cancel", execution, "--task", "sleeper")
            #expect(cancelled.hasSucceeded && !cancelled.output.isEmpty, "\(cancelled)")
            try await person.execution(execution, of: id, is: "cancelled")
            let page = try await shell.qkron("execution", "show", execution, "--task", id)
            #expect(page.output.contains("Status         cancelled, requested"), "\(page)")
            let json = try await shell.qkron("execution", "show", execution, "--task", id, "--json")
            #expect(try json.json == (try await person.execution(execution, of: id)))
            let again = try await shell.qkron("execution", "cancel", execution, "--task", "sleeper")
            #expect(again.end == .exited(5) && !again.error.isEmpty, "\(again)")
        }

        @Test func `each way to fail has its exit code and one sentence`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let stranger = try await person.server.newcomer()
            let foreign = try await stranger.makeTask(["name": "theirs"])
            for _ in 1...2 { _ = try await person.makeTask(["name": "twin"]) }
            let idle = try await person.makeTask(["name": "idle"])
            let cases: [(Int32, String, Tool.Answer)] = [
                (4, "no task named 'nobody'", try await shell.qkron("task", "show", "nobody")),
                (4, "no task named ''", try await shell.qkron("task", "run", "")),
                (5, "2 tasks are named 'twin'", try await shell.qkron("task", "pause", "twin")),
                (4, "no task of this id", try await shell.qkron("task", "show", OwnershipTests.nobodys)),
                (3, "somebody else", try await shell.qkron("task", "run", foreign)),
                (4, "not run yet", try await shell.qkron("task", "logs", idle)),
                (
                    5, "schedule: minute",
                    try await shell.qkron("task", "create", "--name", "x", "--command", "y", "--cron", "61 * * * *")
                ),
                (5, "name", try await shell.qkron("task", "create", "--command", "y", "--every", "5m")),
                (5, "cannot be read", try await shell.qkron("task", "create", "--file", "/nowhere")),
                (5, "is no JSON", try await shell.qkron("task", "create", "--file", "-", input: "{]")),
                (5, "no such variable", try await shell.qkron("task", "create", "--secret-env", "ABSENT")),
                (64, "no id of an execution", try await shell.qkron("execution", "show", "x")),
                (64, "one of --cron", try await shell.qkron("task", "create", "--cron", "* * * * *", "--every", "5m")),
                (64, "NAME=VALUE", try await shell.qkron("task", "create", "--env", "A")),
                (64, "--limit", try await shell.qkron("task", "list", "--limit", "0")),
                (2, "connection refused", try await shell.qkron("task", "list", "--server", "http://127.0.0.1:1")),
            ]
            for (code, words, answer) in cases {
                #expect(answer.failed(code, words) && answer.output.isEmpty, "\(code) \(words): \(answer)")
            }
        }

        @Test func `a reader that goes away ends a command quietly, and a full disk does not`() async throws {
            let (shell, person) = try await Shell.newcomer()
            _ = try await person.makeTask(["name": "much", "command": "seq 200000; seq 200000 >&2", "max_retries": 0])
            let program = try Tool.qkron()
            for (words, code) in [
                ("task run much --wait 2>&1 | head -n 1", "141"), ("task logs much 2>&1 | head -n 1", "141"),
                ("task list >/dev/full", "1"), ("task logs much >/dev/full", "1"),
                ("schedule next --cron '@daily' >/dev/full", "1"),
            ] {
                let answer = try await Tool(workspace: shell.server.workspace).run(
                    [try Tool.find("bash"), "-c", "'\(program)' \(words); echo \"ended ${PIPESTATUS[0]}\" >&2"],
                    environment: shell.variables)
                #expect(
                    answer.error.hasSuffix("ended \(code)\n") && !answer.error.contains("crash"), "\(words) \(answer)")
                #expect(
                    answer.error.contains("cannot be written") == (code == "1"), "\(words) \(answer.error.prefix(500))")
            }
        }

        @Test func `the shell completes commands, and the names of tasks`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let trap = "\(shell.home)/trap"
            for name in ["complete-me", "complete me", "complete$(touch${IFS}\(trap))", "complete`touch \(trap)`"] {
                _ = try await person.makeTask(["name": .string(name)])
            }
            for name in ["bash", "zsh", "fish"] {
                let script = try await shell.qkron("--generate-completion-script", name)
                #expect(script.hasSucceeded && script.output.contains("qkron"), "\(name)")
                for word in ["webhook-token", "rerun", "audit", "scheduler", "account", "tasks:execute"] {
                    #expect(script.output.contains(word), "\(name): \(word)")
                }
                let path = try shell.file("completion.\(name)", script.output)
                guard let checker = try? Tool.find(name) else { continue }
                let check = try await Tool(workspace: shell.server.workspace).run([checker, "-n", path])
                #expect(check.hasSucceeded, "\(check)")
            }
            let script = """
                . \(shell.home)/completion.bash
                COMP_WORDS=(qkron task show comp) COMP_CWORD=3 COMP_LINE='qkron task show comp' COMP_POINT=20
                _qkron qkron comp show
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let path = "\(try Tool.qkron().split(separator: "/").dropLast().joined(separator: "/"))"
            let answer = try await Tool(workspace: shell.server.workspace).run(
                [try Tool.find("bash"), "-c", script],
                environment: shell.variables.merging(["PATH": "/\(path):\(Tool.path)"]) { $1 })
            #expect(answer.output == "complete-me\n", "\(answer)")
            #expect(!FileManager.default.fileExists(atPath: trap), "a name is never run")
        }
    }
}
