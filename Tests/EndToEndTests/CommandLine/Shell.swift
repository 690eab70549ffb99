import EndToEndSupport
import Foundation

/// Somebody who works at a shell with the program, over the HTTP API of a server.
struct Shell {
    let server: QkronServer
    /// A home directory of its own.
    let home: String
    var variables: [String: String]

    /// A shell at the shared server, of somebody new.
    static func newcomer() async throws -> (shell: Shell, person: Person) {
        let server = try Stage.current.server
        let person = try await server.newcomer()
        return (try await Shell(server, ["QKRON_TOKEN": person.token]), person)
    }

    /// A shell at the shared server, of its superuser.
    static func superuser() async throws -> (shell: Shell, person: Person) {
        let server = try Stage.current.server
        let root = try await server.superuser()
        return (try await Shell(server, ["QKRON_TOKEN": root.token]), root)
    }

    init(_ server: QkronServer, _ variables: [String: String] = [:]) async throws {
        self.server = server
        home = try server.workspace.openDirectory("home")
        let url = "http://127.0.0.1:\(await server.port)"
        self.variables = ["HOME": home, "QKRON_URL": url].merging(variables) { $1 }
    }

    func qkron(_ arguments: String..., input: String? = nil) async throws -> Tool.Answer {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String? = nil) async throws -> Tool.Answer {
        try await Tool(workspace: server.workspace).run(
            [try Tool.qkron()] + arguments, environment: variables, input: input)
    }

    /// Writes a file into the home directory and answers its path.
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(home)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}

extension Tool.Answer {
    /// The output as JSON, one value a line.
    var jsonLines: [JSON] {
        get throws { try output.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) } }
    }

    /// The output as JSON.
    var json: JSON { get throws { try JSON(parsing: Array(output.utf8)) } }

    /// Whether it exited so, saying these words on standard error.
    func failed(_ code: Int32, _ words: String) -> Bool {
        end == .exited(code) && error.contains(words) && !error.contains("Fatal")
    }
}
