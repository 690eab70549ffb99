import Domain
import Testing

@testable import Declarations

@Suite struct TaskFileTests {
    private func tasks(_ text: String) throws -> [DeclaredTask] { try TaskFile(text, path: "f").tasks }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try TaskFile(text, path: "f")
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
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
            """, path: "f")
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
                "f:5: tasks[0]: 'comand' is no field of a task",
                "f:7: tasks[0].timeout: must be a whole number from 1 to 86400",
                "f:10: tasks[0].tags: 'file:other' is a mark that files give",
                "f:4: tasks[0]: 'command' is missing",
                "f:14: tasks[1].overlap_policy: must be one of: skip, queue, allow, cancel_previous",
                "f:15: tasks[1].priority: must be a whole number from 1 to 10",
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
        #expect(found.count == 1 && found[0].hasPrefix("f:4: tasks[1].starts_at: must be a date and time"), "\(found)")
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
