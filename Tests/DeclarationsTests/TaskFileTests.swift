import Domain
import Testing

@testable import Declarations
@testable import qkron

@Suite struct TaskFileTests {
    private func tasks(_ text: String) throws -> [DeclaredTask] {
        try TaskFile(text, path: "f", judge: .server()).tasks
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try TaskFile(text, path: "f", judge: .server())
            return []
        } catch {
            return "\(error)".split(separator: "\n").map(String.init)
        }
    }

    @Test func `fields are read by their types, whatever YAML makes of them`() throws {
        let file = try TaskFile(
            """
            name: shop
            tasks:
              - name: on
                command: |
                  set -e
                  make
                schedule_type: interval
                schedule: 30s
                timeout: 60
                is_active: false
                env: {PORT: 8080, DEBUG: yes, EMPTY: "", KEPT: }
                secret_env: [KEPT]
                metadata_info: {a: [1, 2.5, yes, "yes", null], b: 1.10}
                tags: [7]
            """, path: "f", judge: .server())
        #expect(file.name == "shop")
        let task = try #require(file.tasks.first)
        #expect(task.name == "on" && task.fields["command"] == "set -e\nmake\n")
        #expect(task.fields["schedule"] == "30s" && task.fields["timeout"] == 60)
        #expect(task.fields["is_active"] == false && task.fields["tags"] == ["7"])
        #expect(task.fields["env"] == ["PORT": "8080", "DEBUG": "yes", "EMPTY": "", "KEPT": nil])
        #expect(task.fields["metadata_info"] == ["a": [1, 2.5, true, "yes", nil], "b": 1.1])
    }

    @Test func `JSON is read too, and anchors are merged`() throws {
        let json = try tasks(#"{"tasks": [{"name": "a", "command": "x\n\ty", "schedule": "* * * * *"}]}"#)
        #expect(json.first?.fields["command"] == "x\n\ty")
        let yaml = try tasks(
            """
            tasks:
              - &base {name: a, command: x, schedule: "* * * * *", timeout: 5}
              - <<: *base
                name: b
                timeout: 6
            """)
        #expect(yaml.map(\.name) == ["a", "b"] && yaml[1].fields["timeout"] == 6 && yaml[1].fields["command"] == "x")
    }

    @Test func `every fault is told with its line and its field`() {
        let found = faults(
            """
            name: x
            jobs: []
            tasks:
              - name: a
                comand: x
                schedule: "61 * * * *"
                timeout: 5m
                tags:
                  - fine
                  - file:other
              - name: b
                command: x
                schedule: "* * * * *"
                overlap_policy: both
                priority: 11
                env: {A: [1]}
              - command: x
            """)
        #expect(
            found == [
                "f:2: 'jobs' is not known here; allowed: name, tasks",
                "f:4: tasks[0]: 'command' is missing",
                "f:5: tasks[0]: 'comand' is no field of a task",
                "f:6: tasks[0].schedule: minute: '61' is out of range; allowed: 0-59, *, ranges a-b, steps /1 to /60, lists",
                "f:7: tasks[0].timeout: must be a whole number",
                "f:10: tasks[0].tags: 'file:other' is a mark that files give",
                "f:14: tasks[1].overlap_policy: must be one of: skip, queue, allow, cancel_previous",
                "f:15: tasks[1].priority: must be from 1 to 10",
                "f:16: tasks[1].env: must be a mapping of names to texts",
                "f:17: tasks[2]: 'name' is missing",
                "f:17: tasks[2]: 'schedule' is missing",
            ])
    }

    @Test func `schedules, names and dependencies are judged together`() {
        let found = faults(
            """
            tasks:
              - {name: a, command: x, schedule: "61 * * * *", dependencies: [b, nobody]}
              - {name: a, command: x, schedule: 5m, schedule_type: interval, timezone: PST,
                 starts_at: 2026-02-01, ends_at: 2026-01-01T00:00:00Z}
            """)
        #expect(found.contains { $0.hasPrefix("f:4: tasks[1].starts_at: must be a date and time") }, "\(found)")
        let second = faults(
            """
            tasks:
              - {name: a, command: x, schedule: "61 * * * *", dependencies: [nobody]}
              - {name: a, command: x, schedule: 5m, schedule_type: interval, timezone: PST}
            """)
        #expect(second.contains { $0.hasPrefix("f:3: tasks[1].name: 'a' is the name of tasks[0] too") })
        #expect(second.contains { $0.hasPrefix("f:2: tasks[0].schedule: minute") })
        #expect(second.contains { $0.hasPrefix("f:3: tasks[1].timezone:") })
        #expect(second.contains { $0.hasPrefix("f:2: tasks[0].dependencies: 'nobody' is neither") })
    }

    @Test(arguments: [
        ("name: '', command: x", "3: tasks[0].name: must not be empty"),
        ("name: a, command: ' '", "3: tasks[0].command: must not be empty"),
        (
            "name: a, command: x, description: \(String(repeating: "d", count: 1_001))",
            "description: must have at most 1000"
        ),
        ("name: a, command: x, timeout: 0", "timeout: must be from 1 to 86400"),
        ("name: a, command: x, max_output_bytes: 1", "max_output_bytes: must be from"),
        ("name: a, command: x, env: {1A: b}", "3: tasks[0].env.1A: a name has letters"),
        ("name: a, command: x, env: {QKRON_X: b}", "env.QKRON_X: names that begin"),
        ("name: a, command: x, secret_env: [A]", "secret_env.0: must be a name that env holds"),
        ("name: a, command: x, limits: {niceness: 1}", "limits.niceness: is no limit"),
        ("name: a, command: x, limits: {nice: 20}", "limits.nice: must be from 0 to 19"),
        ("name: a, command: x, working_directory: srv", "working_directory: must be an absolute path"),
        ("name: a, command: x, tags: ['']", "tags.0: must not be empty"),
        ("name: a, command: x, requires: [\(String(repeating: "l", count: 65))]", "requires.0: must have at most"),
        ("name: a, command: x, callback_url: 'x.org'", "callback_url: must begin with http"),
        ("name: a, command: x, task_type: email", "task_type: this version makes no tasks of type 'email'"),
        ("name: a, command: x, dst_policy: never", "dst_policy: must be one of"),
        ("name: a, command: x, timezone: PST", "timezone: "),
        ("name: a, command: x, description: \"a\\0b\"", "description: must not"),
    ])
    func `what the server would refuse is told before anything is sent`(fields: String, words: String) {
        let found = faults("name: f\ntasks:\n  - {\(fields), schedule: '@daily'}\n")
        #expect(found.count == 1 && found[0].hasPrefix("f:3: ") && found[0].contains(words), "\(found)")
    }

    @Test func `a fault in an entry has the line of the entry`() {
        let found = faults(
            """
            tasks:
              - name: a
                command: x
                schedule: "@daily"
                env:
                  FINE: 1
                  2ND: 2
                tags:
                  - fine
                  - ""
              - {name: [b], command: x, schedule: "@daily"}
              - {name: b, command: x, schedule: "@daily", dependencies: [nobody]}
              - {name: b, command: x, schedule: "@daily"}
            """)
        #expect(
            found.map { $0.prefix { $0 != " " } } == ["f:7:", "f:10:", "f:11:", "f:13:"],
            "nobody may be the one whose name cannot be read: \(found)")
        #expect(found.last?.contains("tasks[3].name: 'b' is the name of tasks[2] too") == true)
    }

    @Test(arguments: [
        ("", "empty"), ("tasks: [", "it is no YAML"), ("a: b: c", "it is no YAML"), ("- a", "mapping"),
        ("name: x", "missing"),
        ("tasks: {}", "must be a list"), ("tasks: [a]", "tasks[0]: must be a mapping"),
        ("tasks:\n  - {name: a, name: b, command: x, schedule: '* * * * *'}", "stands twice: name"),
        ("tasks:\n  - {name: a, command: x, schedule: '* * * * *', dependencies: [a]}", "depends on itself"),
    ])
    func `what is no file of tasks is told so`(text: String, words: String) {
        let found = faults(text)
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test func `tasks come after those that they depend on`() throws {
        let ordered = try tasks(
            """
            tasks:
              - {name: c, command: x, schedule: '* * * * *', dependencies: [b]}
              - {name: b, command: x, schedule: '* * * * *', dependencies: [a, 01900000-0000-7000-8000-000000000001]}
              - {name: a, command: x, schedule: '* * * * *'}
            """
        ).inOrder
        #expect(ordered.map(\.name) == ["a", "b", "c"])
    }
}
