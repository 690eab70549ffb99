import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct ExecutionTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        @Test func `a run by hand answers at once and is recorded with exit code and output`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["name": "greeter", "command": "echo out; echo err >&2; sleep 0.2"])
            let answer = try await person.call("POST", "/tasks/\(task)/execute")
            #expect(answer.verdict == "200")
            #expect(try answer.json["task_id"] == .string(task))
            #expect(try answer.json["message"].string?.isEmpty == false)
            let id = try #require(try answer.json["execution_id"].string)
            let run = try await person.execution(id, of: task, is: "completed")
            let expected: JSON = [
                "id": .string(id), "task_id": .string(task), "task_name": "greeter", "trigger": "manual",
                "status": "completed", "reason": nil, "result": nil, "error": nil, "error_message": nil,
                "attempt_number": 1, "retries": 0, "earlier_attempts": [], "retry_of": nil, "return_code": 0,
                "stdout": "out\n", "output": "out\n", "stderr": "err\n", "stdout_truncated": false,
                "stderr_truncated": false, "callback": nil, "node": "contract",
            ]
            for key in expected.keys.sorted() { #expect(run[key] == expected[key], "\(key)") }
            #expect(
                run.keys
                    == expected.keys.union([
                        "scheduled_for", "start_time", "started_at", "end_time", "completed_at", "duration",
                        "fencing_token", "created_at",
                    ]))
            #expect(run["start_time"] == run["started_at"] && run["end_time"] == run["completed_at"])
            #expect((0.2...20).contains(run["duration"].double ?? 0))
            #expect(run["fencing_token"].integer ?? 0 > 0)
            let after = try await person.get("/tasks/\(task)")
            #expect(after["status"] == "completed")
            #expect(after["last_run"] == run["start_time"])
        }

        @Test func `a command sees its task's environment and nothing else`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "env | sort; pwd; umask; cat", "env": ["A": "b c", "LANG": "de_DE.UTF-8"],
                "timezone": "Asia/Tokyo", "working_directory": "/tmp",
            ])
            let id = try await person.execute(task)
            let run = try await person.execution(id, of: task, is: "completed")
            let lines = (run["stdout"].string ?? "").split(separator: "\n").map(String.init)
            let names = Set(
                lines.compactMap { $0.contains("=") ? $0.split(separator: "=").first.map(String.init) : nil })
            let expected: Set = [
                "A", "LANG", "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "QKRON_TASK_ID", "QKRON_EXECUTION_ID",
                "QKRON_SCHEDULED_FOR", "QKRON_ATTEMPT", "QKRON_FENCING_TOKEN",
            ]
            // Shells add PWD by themselves.
            #expect(names.subtracting(["PWD"]) == expected)
            #expect(lines.contains("A=b c") && lines.contains("LANG=de_DE.UTF-8") && lines.contains("TZ=Asia/Tokyo"))
            #expect(lines.contains("SHELL=/bin/sh") && lines.contains("/tmp") && lines.contains("0022"))
            #expect(lines.contains("QKRON_TASK_ID=\(task)") && lines.contains("QKRON_EXECUTION_ID=\(id)"))
            #expect(lines.contains("QKRON_ATTEMPT=1"))
            #expect(lines.contains("QKRON_SCHEDULED_FOR=\(run["scheduled_for"].string ?? "")"))
            #expect(lines.contains("QKRON_FENCING_TOKEN=\(run["fencing_token"].integer ?? 0)"))
        }

        @Test(
            arguments: [
                ("exit 3", "failed", "exit_code", 3, "Exit code: 3"), ("kill -9 $$", "failed", "signal", 137, nil),
                ("no-such-program", "failed", "exit_code", 127, "Exit code: 127"), ("exit 0", "completed", nil, 0, nil),
            ] as [(String, JSON, JSON, JSON, JSON)])
        func `an end is told by status, reason and code`(
            command: String, status: JSON, reason: JSON, code: JSON, error: JSON
        ) async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": .string(command), "max_retries": 0])
            let run = try await person.execution(try await person.execute(task), of: task, is: "failed", "completed")
            #expect(run["status"] == status && run["reason"] == reason && run["return_code"] == code)
            if error != .null { #expect(run["error"] == error) }
            #expect(try await person.get("/tasks/\(task)")["status"] == status)
        }

        @Test func `a working directory that is missing fails the run, not the server`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["working_directory": "/no/such/directory", "max_retries": 0])
            let run = try await person.execution(try await person.execute(task), of: task, is: "failed")
            #expect(run["reason"] == "spawn_error" && run["return_code"] == .null)
        }

        @Test func `output that is no text stays readable`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": #"printf 'a\377b\000c\303\251\n'"#])
            let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
            #expect(run["stdout"] == "a\u{FFFD}b\\0cé\n")
        }

        @Test func `a failing run is tried again until its attempts are spent`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "echo attempt $QKRON_ATTEMPT; exit $QKRON_ATTEMPT", "max_retries": 2, "retry_delay": 0,
            ])
            let run = try await person.execution(try await person.execute(task), of: task, is: "failed")
            #expect(run["attempt_number"] == 3 && run["retries"] == 2 && run["return_code"] == 3)
            #expect(run["stdout"] == "attempt 3\n")
            let earlier = run["earlier_attempts"].items
            #expect(earlier.map { $0["attempt_number"] } == [1, 2])
            #expect(earlier.map { $0["return_code"] } == [1, 2])
            #expect(earlier.map { $0["status"] } == ["failed", "failed"])
            #expect(earlier.map { $0["reason"] } == ["exit_code", "exit_code"])
            #expect(earlier.map { $0["error"] } == ["Exit code: 1", "Exit code: 2"])
            #expect(earlier.allSatisfy { $0["start_time"].string != nil && $0["end_time"].string != nil })
            #expect(earlier.first?["start_time"] == run["start_time"])
            #expect(try await person.get("/tasks/\(task)")["retry_count"] == 3)
        }

        @Test func `a later attempt that succeeds completes the run`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "test $QKRON_ATTEMPT -ge 2", "retry_delay": 0])
            let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
            #expect(run["attempt_number"] == 2 && run["return_code"] == 0 && run["error"] == .null)
        }

        @Test func `between attempts a run waits, and a cancel then ends it`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "exit 1", "retry_delay": 600])
            let id = try await person.execute(task)
            try await eventually("the run waits for its next attempt") {
                let run = try await person.execution(id, of: task)
                return run["status"] == "pending" && run["reason"] == "retry_delay" && run["attempt_number"] == 1
            }
            #expect(try await person.get("/tasks/\(task)")["status"] == "running")
            let answer = try await person.call("POST", "/tasks/\(task)/executions/\(id)/cancel")
            #expect(answer.verdict == "202")
            let run = try await person.execution(id, of: task)
            #expect(run["status"] == "cancelled" && run["reason"] == "requested")
        }

        @Test func `a running run is cancelled when its tree is dead, and an ended one stays as it is`() async throws {
            let person = try await server.newcomer()
            let mark = try Stage.current.workspace.path("mark")
            let task = try await person.makeTask(["command": "sleep 1000 & sleep 1000", "env": ["MARK": .string(mark)]])
            let id = try await person.execute(task)
            try await eventually("both sleepers run") { ProcessTable.bearing(mark).count >= 3 }
            let first = try await person.call("POST", "/tasks/\(task)/executions/\(id)/cancel")
            let second = try await person.call("POST", "/tasks/\(task)/executions/\(id)/cancel")
            #expect(first.verdict == "202")
            #expect(try first.json["execution_id"] == .string(id) && first.json["task_id"] == .string(task))
            #expect(second.verdict == "202" || second.verdict == "409 execution_ended")
            let run = try await person.execution(id, of: task, is: "cancelled")
            #expect(run["reason"] == "requested" && run["return_code"] == .null && run["attempt_number"] == 1)
            #expect(ProcessTable.bearing(mark).isEmpty)
            let third = try await person.call("POST", "/tasks/\(task)/executions/\(id)/cancel")
            #expect(third.verdict == "409 execution_ended")
        }

        @Test func `a timeout ends the whole tree`() async throws {
            let person = try await server.newcomer()
            let mark = try Stage.current.workspace.path("mark")
            let task = try await person.makeTask([
                "command": "echo before; sleep 1000 & (setsid sleep 1000 &) ; sleep 1000", "timeout": 1,
                "max_retries": 0,
                "env": ["MARK": .string(mark)],
            ])
            let run = try await person.execution(try await person.execute(task), of: task, is: "timeout")
            #expect(ProcessTable.bearing(mark).isEmpty)
            #expect(run["reason"] == "timeout" && run["error"] == "Timed out after 1 seconds")
            #expect(run["return_code"] == .null && run["stdout"] == "before\n")
            #expect(try await person.get("/tasks/\(task)")["status"] == "failed")
        }

        @Test func `a child that ignores SIGTERM dies too`() async throws {
            let person = try await server.newcomer()
            let mark = try Stage.current.workspace.path("mark")
            let task = try await person.makeTask([
                "command": "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & while :; do sleep 1; done",
                "env": ["MARK": .string(mark)],
            ])
            let id = try await person.execute(task)
            try await eventually("the stubborn children run") { ProcessTable.bearing(mark).count >= 3 }
            #expect(try await person.call("DELETE", "/tasks/\(task)").verdict == "204")
            try await eventually("nothing of a deleted task is left, \(id)") { ProcessTable.bearing(mark).isEmpty }
        }

        @Test func `a grandchild that keeps the pipe open does not hold the run`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "sleep 6 & echo done"])
            let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
            #expect(run["stdout"] == "done\n")
            #expect(run["duration"].double ?? 9 < 5)
        }

        @Test func `a flood of output is cut, with head, mark and tail`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([
                "command": "echo HEAD; head -c 104857600 /dev/zero | tr '\\0' x; echo TAIL; echo quiet >&2",
                "max_output_bytes": 102_400,
            ])
            let run = try await person.execution(
                try await person.execute(task), of: task, is: "completed", within: .seconds(90))
            let output = try #require(run["stdout"].string)
            #expect(run["stdout_truncated"] == true && run["stderr_truncated"] == false)
            #expect(output.hasPrefix("HEAD\nxxx") && output.hasSuffix("xxxTAIL\n"))
            #expect(output.utf8.count <= 102_400 + 200)
            #expect(output.contains { $0 != "x" && $0.isNumber }, "the mark tells what was cut")
            #expect(run["stderr"] == "quiet\n")
            let row = try await person.get("/tasks/\(task)/executions")["items"][0]
            #expect(row["stdout"].string?.utf8.count ?? 0 <= 16_384 + 200)
            #expect(row["stdout_truncated"] == true)
        }

        @Test func `a task cancelled while it runs kills the run and cancels what waits`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "sleep 1000"])
            let running = try await person.execute(task)
            try await person.execution(running, of: task, is: "running")
            let waiting = try await person.execute(task)
            let waits = try await person.execution(waiting, of: task)
            #expect(waits["status"] == "pending")
            _ = try await person.call("PUT", "/tasks/\(task)", ["status": "cancelled"])
            for id in [running, waiting] {
                let run = try await person.execution(id, of: task, is: "cancelled")
                #expect(run["reason"] == "task_cancelled")
            }
            #expect(try await person.get("/tasks/\(task)")["status"] == "cancelled")
        }

        @Test func `a paused task may be executed by hand, and pause ends no run`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask(["command": "sleep 0.3"])
            let id = try await person.execute(task)
            _ = try await person.call("POST", "/tasks/\(task)/pause")
            try await person.execution(id, of: task, is: "completed")
            let again = try await person.execute(task)
            try await person.execution(again, of: task, is: "completed")
        }

        @Test func `tokens of later attempts are larger`() async throws {
            let person = try await server.newcomer()
            let task = try await person.makeTask([:])
            var tokens: [Int] = []
            for _ in 1...3 {
                let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
                tokens.append(try #require(run["fencing_token"].integer))
            }
            #expect(tokens == tokens.sorted() && Set(tokens).count == 3)
        }
    }
}
