import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron node`, which asks a server over HTTP and knows no database.
    @Suite struct NodeCommandTests {
        private func qkron(
            _ arguments: String..., at server: QkronServer, as variables: [String: String] = [:], input: String? = nil
        ) async throws -> Tool.Answer {
            let url = "http://127.0.0.1:\(await server.port)"
            return try await Tool(workspace: server.workspace).run(
                [try Tool.qkron(), "node"] + arguments, environment: ["QKRON_URL": url].merging(variables) { $1 },
                input: input)
        }

        @Test func `servers are listed, drained and undrained by name or id`() async throws {
            try await Story.tell("console") { story in
                let server = try await story.server(settings: ["LABELS": "gpu,ssd", "NODE_NAME": "the node"])
                let token = ["QKRON_TOKEN": try await server.superuser().token]
                let table = try await qkron("list", at: server, as: token)
                #expect(table.hasSucceeded, "\(table)")
                let lines = table.output.split(separator: "\n")
                #expect(lines.count == 2 && lines[0].hasPrefix("NAME      STATUS  RUNNING  CAPACITY  LABELS"))
                #expect(lines[1].hasPrefix("the node  active  0        64        gpu,ssd"))
                func status(_ arguments: String...) async throws -> (node: JSON, Tool.Answer) {
                    let answer = try await qkron("list", "--json", at: server, as: token)
                    return (try JSON(parsing: Array(answer.output.utf8))[0], answer)
                }
                let id = try #require(try await status().node["id"].string)
                for (verb, name, expected) in [
                    ("drain", "the node", "draining"), ("drain", id, "draining"),
                    ("undrain", id.uppercased(), "active"),
                    ("undrain", "the node", "active"),
                ] {
                    let answer = try await qkron(verb, name, at: server, as: token)
                    #expect(answer.hasSucceeded && !answer.output.isEmpty && answer.error.isEmpty, "\(answer)")
                    #expect(try await status().node["status"].string == expected)
                }
                let told = try await qkron("drain", "the node", "--json", at: server, as: token)
                #expect(try told.json["id"] == .string(id) && told.json["message"].string != nil, "\(told)")
                for name in ["nobody", OwnershipTests.nobodys] {
                    let answer = try await qkron("drain", name, at: server, as: token)
                    #expect(answer.end == .exited(4) && answer.output.isEmpty, "\(answer)")
                    #expect(answer.error.hasPrefix("qkron: There is no server"), "\(answer)")
                }
            }
        }

        @Test func `of several servers of one name the one that is there is meant, and two are refused`() async throws {
            try await Story.tell("twins") { story in
                let database = try await story.database()
                let settings = ["NODE_NAME": "twin"]
                let first = try await story.server("-a", database: database, settings: settings)
                let second = try await story.server("-b", database: database, settings: settings)
                let root = try await first.superuser()
                let token = ["QKRON_TOKEN": root.token]
                let refused = try await qkron("drain", "twin", at: first, as: token)
                #expect(refused.end == .exited(5), "\(refused)")
                #expect(refused.error.hasPrefix("qkron: 2 servers are named 'twin'"), "\(refused)")
                for node in try await root.get("/nodes").items {
                    #expect(node["status"] == "active" && refused.error.contains(node["id"].string ?? "?"))
                }
                #expect(try await second.stop() == .exited(0))
                #expect(try await qkron("drain", "twin", at: first, as: token).hasSucceeded)
                let statuses = try await root.get("/nodes").items.map { $0["status"].string }
                #expect(Set(statuses) == ["draining", "gone"])
            }
        }

        @Test func `a password is read from standard input, and a name from the environment or a flag`() async throws {
            let server = try Stage.current.server
            let (name, password) = QkronServer.superuser
            let byVariable = try await qkron(
                "list", at: server, as: ["QKRON_USER": name], input: "\(password)\n")
            #expect(byVariable.hasSucceeded && byVariable.output.contains("contract"), "\(byVariable)")
            let byFlag = try await qkron(
                "list", "--user", name, at: server, as: ["QKRON_TOKEN": "stale", "QKRON_USER": "x"],
                input: "\(password)\n")
            #expect(byFlag.hasSucceeded && byFlag.output.contains("contract"), "\(byFlag)")
        }

        @Test func `each way to fail has its exit code and one sentence`() async throws {
            let server = try Stage.current.server
            let person = try await server.newcomer()
            let cases: [(Int32, String, Tool.Answer)] = [
                (3, "Say who asks", try await qkron("list", at: server)),
                (3, "Incorrect username", try await qkron("list", "--user", "nobody", at: server, input: "secret\n")),
                (3, "token is not valid", try await qkron("list", at: server, as: ["QKRON_TOKEN": "x.y.z"])),
                (3, "Only a superuser", try await qkron("list", at: server, as: ["QKRON_TOKEN": person.token])),
                (1, "No password", try await qkron("list", "--user", "somebody", at: server)),
                (
                    2, "connection refused",
                    try await qkron("list", "--server", "http://127.0.0.1:1", "--user", "x", at: server, input: "y\n")
                ),
                (1, "http:// and https://", try await qkron("list", "--server", "ftp://127.0.0.1", at: server)),
                (64, "Missing expected argument", try await qkron("drain", at: server)),
                (64, "Unknown option", try await qkron("list", "--password", "secret", at: server)),
            ]
            for (code, words, answer) in cases {
                #expect(answer.end == .exited(code) && answer.error.contains(words), "\(answer)")
                #expect(answer.output.isEmpty && !answer.error.contains("secret"), "\(answer)")
            }
        }
    }
}
