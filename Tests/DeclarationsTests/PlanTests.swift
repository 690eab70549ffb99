import Domain
import Testing

@testable import Declarations
@testable import qkron

@Suite struct PlanTests {
    private static let id = "01900000-0000-7000-8000-00000000000"

    /// A task as a server answers it, with all its usual values.
    private func present(_ number: Int, _ name: String, _ fields: [TextKey: JSONValue] = [:]) -> Plan.Present {
        var all: [TextKey: JSONValue] = [
            "id": .string("\(Self.id)\(number)"), "name": .string(name), "command": "true", "schedule": "* * * * *",
            "tags": ["file:f"], "retry_delay": 60, "is_active": true, "next_run": "2026-01-01T00:00:00Z",
        ]
        for field in TaskField.all {
            if case .value(let value) = field.otherwise, all[field.key] == nil { all[field.key] = value }
        }
        return Plan.Present(id: "\(Self.id)\(number)", name: name, json: .object(all.merging(fields) { $1 }))
    }

    private func declared(_ name: String, _ fields: [TextKey: JSONValue] = [:]) -> DeclaredTask {
        let usual: [TextKey: JSONValue] = ["name": .string(name), "command": "true", "schedule": "* * * * *"]
        return DeclaredTask(name: name, fields: usual.merging(fields) { $1 })
    }

    private func plan(_ tasks: [DeclaredTask], _ present: [Plan.Present], prunes: Bool = false) throws -> Plan {
        try Plan(tasks, marker: .file("f"), present: present, prunes: prunes)
    }

    private func lines(_ plan: Plan) -> [String] {
        plan.steps.map { step in
            switch step {
            case .make(let task): "+ \(task.name)"
            case .change(let task, _, let differences):
                "~ \(task.name): \(differences.map(\.text).joined(separator: ", "))"
            case .delete(let task): "- \(task.name)"
            }
        }
    }

    @Test func `what is missing is made, what differs is changed, what is left over is kept unless pruned`() throws {
        let tasks = [declared("new"), declared("same"), declared("other", ["schedule": "@daily", "timeout": 5])]
        let there = [present(1, "same"), present(2, "other"), present(3, "old")]
        let kept = try plan(tasks, there)
        #expect(
            lines(kept) == ["+ new", #"~ other: schedule "* * * * *" -> "@daily", timeout 300 -> 5"#])
        #expect(kept.leftOver.map(\.name) == ["old"] && kept.unchanged.map(\.name) == ["same"])
        #expect(lines(try plan(tasks, there, prunes: true)).last == "- old")
    }

    @Test(
        arguments: [
            ("tags", ["b", "a", "file:f"], ["a", "b"]), ("requires", ["x", "y"], ["y", "x"]),
            ("starts_at", "2026-03-01T01:30:00Z", "2026-03-01T02:30:00+01:00"),
            ("metadata_info", ["a": [1, 2.0]], ["a": [1.0, 2]]),
            ("limits", ["nice": 5], ["nice": 5, "open_files": nil]),
            ("dependencies", [], nil), ("retry_delay", 5, nil), ("is_active", false, nil),
            ("env", ["A": nil, "B": "b"], ["A": "secret", "B": "b"]),
        ] as [(TextKey, JSONValue, JSONValue)])
    func `what means the same is no difference`(key: TextKey, there: JSONValue, wanted: JSONValue) throws {
        let fields = wanted == .null ? [:] : [key: wanted]
        #expect(lines(try plan([declared("a", fields)], [present(1, "a", [key: there])])) == [])
    }

    @Test(
        arguments: [
            ("tags", ["a", "file:f"], nil, #"tags ["a","file:f"] -> ["file:f"]"#),
            ("timezone", "Asia/Tokyo", nil, #""UTC""#),
            ("is_active", false, true, "false -> true"), ("retry_delay", 5, 6, "5 -> 6"),
            ("env", ["A": "x", "B": "y", "C": nil], ["B": "z", "C": "secret", "D": "d"], "env -A ~B +D"),
            ("description", "x", nil, "null"),
        ] as [(TextKey, JSONValue, JSONValue, String)])
    func `what a file leaves out gets its usual value, and no value of a variable is told`(
        key: TextKey, there: JSONValue, wanted: JSONValue, words: String
    ) throws {
        let fields = wanted == .null ? [:] : [key: wanted]
        let found = lines(try plan([declared("a", fields)], [present(1, "a", [key: there])]))
        #expect(found.count == 1 && found[0].contains(words) && !found[0].contains("secret"), "\(found)")
    }

    @Test func `dependencies are told by name, and sent as ids, of tasks made a moment ago too`() throws {
        let tasks = [declared("b", ["dependencies": ["a"]]), declared("a")]
        let fresh = try plan(tasks, [])
        #expect(lines(fresh) == ["+ a", "+ b"])
        let made = fresh.fields(of: tasks[0], ["a": "\(Self.id)1"])
        guard case .object(let members) = made else { throw PlanError(name: "", ids: []) }
        #expect(members["dependencies"] == [.string("\(Self.id)1")] && members["tags"] == ["file:f"])
        let there = [present(1, "a"), present(2, "b", ["dependencies": [.string("\(Self.id)1")]])]
        #expect(lines(try plan(tasks, there)) == [])
        #expect(
            lines(try plan([declared("a"), declared("b")], there)) == [#"~ b: dependencies ["a"] -> null"#])
    }

    @Test func `variables and which of them are secret are sent together`() throws {
        let task = declared("a", ["env": ["A": "x", "B": "y"], "secret_env": ["A"]])
        let there = present(1, "a", ["env": ["A": nil, "B": "z"], "secret_env": ["A"]])
        let plan = try plan([task], [there])
        guard case .change(_, _, let differences)? = plan.steps.first else { throw PlanError(name: "", ids: []) }
        #expect(plan.fields(of: task, differences, [:]) == ["env": ["A": "x", "B": "y"], "secret_env": ["A"]])
    }

    @Test func `two tasks of one name cannot be told apart`() {
        #expect(throws: PlanError.self) { try plan([declared("a")], [present(1, "a"), present(2, "a")]) }
    }

    @Test func `what a step would be refused for is found before it is taken, and what stays is not judged`() throws {
        let past: [TextKey: JSONValue] = ["ends_at": "2020-01-01T00:00:00Z"]
        func faults(_ task: DeclaredTask, _ there: [Plan.Present] = []) throws -> [String] {
            try plan([task], there).faults(by: .server()).map { $0.fault.path.joined(separator: ".") }
        }
        #expect(try faults(declared("a", past)) == ["schedule"], "it never fires")
        #expect(try faults(declared("a", past), [present(1, "a", past)]) == [], "unchanged")
        #expect(try faults(declared("a", past.merging(["timeout": 9]) { $1 }), [present(1, "a", past)]) == [])
        #expect(try faults(declared("a", past), [present(1, "a")]) == ["schedule"])
        let secret: [TextKey: JSONValue] = ["env": ["A": nil, "B": "x"], "secret_env": ["A"]]
        #expect(try faults(declared("a", secret)) == ["env.A"], "null keeps a value that is there")
        let kept = present(1, "a", ["env": ["A": nil, "B": "y"], "secret_env": ["A"]])
        #expect(try faults(declared("a", secret), [kept]) == [])
        #expect(try faults(declared("a", ["env": ["A": nil, "C": "x"]]), [kept]) == ["env.A"], "no secret any more")
        let many = JSONValue.array((1...50).map { .string("t\($0)") })
        #expect(try faults(declared("a", ["tags": many])) == ["tags"], "the mark is one too many")
        let id = Identifier<TaskDefinition>()
        let waits = try plan([declared("b", ["dependencies": ["a", .string("\(id)")]]), declared("a")], [])
        #expect(try waits.faults(by: .server()).isEmpty)
        #expect(waits.newDependencies.map(\.id) == [id] && waits.newDependencies.map(\.index) == [1])
    }

    /// Texts that YAML changes, or takes for something else, where it is written carelessly.
    private static let odd = [
        "a\r\nb", "a\rb\n", "a\u{85}b\nc", "a\u{2028}b", "a\u{FEFF}b", " a ", "\ta\t", "- a", "'a", "\"a", "a: b",
        "a #b", "%a",
        "@a", "`a", "|", ">", "*a", "&a", "!a", "=", "<<", "~", "0x1F", "1_000", "2026-01-01", "a\n b\n\n", "\n",
        "\n\na", "\\",
        "{a}", "[a]", "?", "a\\\nb", String(repeating: "long ", count: 100),
    ]

    @Test func `what is exported is unchanged when it is applied, in YAML and in JSON`() throws {
        let there =
            [
                present(
                    1, "on",
                    ["command": "a\nb  \n\tc: #x", "env": ["A": "1", "B": "yes", "C": nil], "secret_env": ["C"]]),
                present(
                    2, "1.10", ["description": "null", "metadata_info": ["x": ["1", 1, 1.5, nil, true, "~", [:], []]]]),
                present(
                    3, "c: d",
                    ["tags": ["file:f", "ä", "- x"], "dependencies": [.string("\(Self.id)1")], "is_active": false]),
                present(4, "\u{1B}[0m é 🙂", ["schedule": "0 2 * * MON", "limits": ["nice": 5], "jitter": 5]),
                present(5, "multi", ["command": "  leading\n\n\ntrailing\n\n", "starts_at": "2026-01-01T00:00:00Z"]),
            ]
            + Self.odd.enumerated().map { index, text in
                present(6 + index, "odd \(index)", ["description": .string(text)])
            }
        let text = TaskFileText(there.map(\.json))
        for content in [try text.yaml(), text.json] {
            let file = try TaskFile(content, path: "f", judge: .server())
            #expect(file.name == "f")
            let plan = try Plan(file.tasks, marker: .file("f"), present: there, prunes: true)
            #expect(lines(plan) == [])
            #expect(plan.unchanged.count == there.count, "\(content)")
            let commands = Set(file.tasks.compactMap { $0.fields["command"]?.textValue })
            #expect(commands.contains("a\nb  \n\tc: #x") && commands.contains("  leading\n\n\ntrailing\n\n"))
        }
    }
}
