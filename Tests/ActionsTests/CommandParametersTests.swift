import Domain
import Executor
import Testing

@testable import Actions

@Suite struct CommandParametersTests {
    private func read(_ change: [TextKey: JSONValue]) throws(InputFaults) -> CommandParameters {
        try CommandParameters(["command": .string("true")].merging(change) { $1 })
    }

    /// Every fault as `place: type`.
    private func faults(_ members: [TextKey: JSONValue]) -> [String] {
        do {
            _ = try CommandParameters(members)
            return []
        } catch {
            return error.faults.map { fault in
                let place = fault.place.map { if case .key(let key) = $0 { key } else { "?" } }
                return place.joined(separator: ".") + ": " + fault.type
            }
        }
    }

    @Test func `a command alone gets every default`() throws {
        let parameters = try read([:])
        #expect(parameters.command == "true" && parameters.environment.isEmpty)
        #expect(parameters.workingDirectory == nil && parameters.outputLimit == 1_048_576)
        #expect(
            parameters.members == [
                "command": .string("true"), "env": .object([:]), "working_directory": .null,
                "max_output_bytes": .integer(1_048_576), "secret_env": .array([]), "limits": .object([:]),
            ])
    }

    @Test func `what is stored reads as what was sent`() throws {
        let sent = try read([
            "env": .object(["A": .string("1"), "_b2": .string("")]), "working_directory": .string("/tmp"),
            "max_output_bytes": .integer(102_400), "other": .bool(true), "secret_env": ["_b2"],
            "limits": ["nice": 0, "memory_bytes": 16_777_216],
        ])
        #expect(try CommandParameters(sent.members) == sent)
        #expect(sent.limits.nice == 0 && sent.limits.memoryBytes == 16 << 20 && sent.limits.cpuSeconds == nil)
        #expect(sent.environment == ["A": "1", "_b2": ""] && sent.workingDirectory == "/tmp")
    }

    @Test(
        arguments: [
            ([:], "command: missing"), (["command": .integer(1)], "command: string_type"),
            (["command": .string("")], "command: string_too_short"),
            (["command": .string(" \n\t")], "command: string_too_short"),
            (["command": .string("a\0b")], "command: value_error"),
            (["command": .string(String(repeating: "é", count: 10_001))], "command: string_too_long"),
        ] as [([TextKey: JSONValue], String)])
    func `a command is text that holds something`(members: [TextKey: JSONValue], fault: String) {
        #expect(faults(members) == [fault])
    }

    @Test func `a command of ten thousand characters is accepted`() throws {
        let longest = String(repeating: "é", count: 10_000)
        #expect(try read(["command": .string(longest)]).command == longest)
    }

    @Test(
        arguments: [
            (.string("A=1"), "env: dict_type"), (.object(["1A": .string("x")]), "env.1A: value_error"),
            (.object(["": .string("x")]), "env.: value_error"),
            (.object(["A-B": .string("x")]), "env.A-B: value_error"),
            (.object(["É": .string("x")]), "env.É: value_error"), (.object(["A": .integer(1)]), "env.A: string_type"),
            (.object(["A": .null]), "env.A: string_type"), (.object(["A": .string("a\0")]), "env.A: value_error"),
            (.object(["QKRON_TASK_ID": .string("x")]), "env.QKRON_TASK_ID: value_error"),
            (
                .object([TextKey(String(repeating: "A", count: 129)): .string("x")]),
                "env.\(String(repeating: "A", count: 129)): value_error"
            ),
            (.object(["A": .string(String(repeating: "x", count: 65_536))]), "env: too_long"),
            (.object(Dictionary(uniqueKeysWithValues: (0...100).map { ("A\($0)", .string("")) })), "env: too_long"),
        ] as [(JSONValue, String)])
    func `an environment has names and texts within bounds`(value: JSONValue, fault: String) {
        #expect(faults(["command": .string("true"), "env": value]) == [fault])
    }

    @Test func `an environment that is too long is not looked into`() {
        let entries = Dictionary(uniqueKeysWithValues: (0...100).map { (TextKey("\($0)"), JSONValue.null) })
        #expect(faults(["command": .string("true"), "env": .object(entries)]) == ["env: too_long"])
    }

    @Test func `an environment that just fits is accepted`() throws {
        let name = String(repeating: "A", count: 128)
        let text = String(repeating: "x", count: 65_536 - 128)
        #expect(try read(["env": .object([TextKey(name): .string(text)])]).environment == [name: text])
        let hundred: [TextKey: JSONValue] = Dictionary(uniqueKeysWithValues: (0..<100).map { ("A\($0)", .string("")) })
        #expect(try read(["env": .object(hundred)]).environment.count == 100)
    }

    @Test(
        arguments: [
            ("working_directory", .integer(1), "string_type"), ("working_directory", .string("tmp"), "value_error"),
            ("working_directory", .string(""), "value_error"), ("working_directory", .string("/a\0"), "value_error"),
            ("working_directory", .string("/" + String(repeating: "a", count: 4_096)), "string_too_long"),
            ("max_output_bytes", .string("1"), "int_type"), ("max_output_bytes", .integer(102_399), "value_error"),
            ("max_output_bytes", .integer(16_777_217), "value_error"), ("max_output_bytes", .null, "int_type"),
        ] as [(String, JSONValue, String)])
    func `directory and limit are checked`(name: String, value: JSONValue, type: String) {
        #expect(faults(["command": .string("true"), TextKey(name): value]) == ["\(name): \(type)"])
    }

    // A mebibyte that takes minutes to bring into normal form, as comparing Swift strings does.
    @Test(.timeLimit(.minutes(1))) func `what takes long to compare is refused for its length`() {
        let marks = "a" + String(repeating: "\u{301}\u{316}", count: 262_000)
        let found = faults([
            "command": .string(marks), "env": .object([TextKey(marks): .string(marks), TextKey(marks + "x"): .null]),
            "working_directory": .string("/" + marks),
        ])
        let types = ["string_too_long", "value_error", "value_error", "string_too_long"]
        #expect(
            zip(found, types).allSatisfy { $0.utf8.reversed().starts(with: $1.utf8.reversed()) } && found.count == 4)
    }

    @Test func `all faults are told at once`() {
        #expect(
            faults(["env": .object(["1": .null, "B": .null]), "working_directory": .string("x")])
                == ["command: missing", "env.1: value_error", "env.B: string_type", "working_directory: value_error"])
    }

    @Test(arguments: [
        ("echo hi", "echo"), ("  \t echo", "echo"), ("\n\necho\nb", "echo"), ("/bin/echo x", "/bin/echo"),
        ("a;b", "a"), ("a&&b", "a"), ("a|b", "a"), ("a>b", "a"), ("a<b", "a"), ("a() { b; }", "a"), ("(a)", ""),
        // No blanks to the shell: they are part of the word.
        ("a\rb c", "a\rb"), ("a\r\nb", "a\r"), ("a\u{B}b c", "a\u{B}b"), ("a\u{A0}b c", "a\u{A0}b"), ("\ra", "\ra"),
    ])
    func `the first word is the shell's`(command: String, word: String) throws {
        #expect(try read(["command": .string(command)]).firstWord == word)
    }

    @Test(
        arguments: [
            (["limits": 1], "limits: dict_type"), (["limits": ["cpu_seconds": 0]], "limits.cpu_seconds: out_of_range"),
            (["limits": ["cpu_seconds": 86_401]], "limits.cpu_seconds: out_of_range"),
            (["limits": ["memory_bytes": 16_777_215]], "limits.memory_bytes: out_of_range"),
            (["limits": ["open_files": 15]], "limits.open_files: out_of_range"),
            (["limits": ["processes": 4_097]], "limits.processes: out_of_range"),
            (["limits": ["nice": 20]], "limits.nice: out_of_range"),
            (["limits": ["nice": 1.0]], "limits.nice: int_type"),
            (["limits": ["nice": nil]], "limits.nice: int_type"),
            (["limits": ["gpus": 1]], "limits.gpus: extra_forbidden"),
            (["secret_env": "A"], "secret_env: list_type"), (["secret_env": [1]], "secret_env.?: string_type"),
            (["secret_env": ["A"]], "secret_env.?: value_error"),
            (["secret_env": ["A"], "env": ["B": "1"]], "secret_env.?: value_error"),
            (["env": ["A": nil]], "env.A: string_type"),
            (["secret_env": .array(Array(repeating: "A", count: 101)), "env": ["A": "1"]], "secret_env: too_long"),
        ] as [([TextKey: JSONValue], String)])
    func `limits and secrets are what they can be`(members: [TextKey: JSONValue], fault: String) {
        #expect(faults(members.merging(["command": "true"]) { $1 }) == [fault])
    }

    @Test func `a secret variable may be null, and is named once`() throws {
        let parameters = try read(["env": ["A": nil, "B": "2"], "secret_env": ["A", "B", "A"]])
        #expect(parameters.secretNames == ["A", "B"] && parameters.environment == ["B": "2"])
        #expect(parameters.members["env"] == ["A": nil, "B": "2"])
    }
}
