import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct UserCommandTests {
        let server: QkronServer
        let name = "cli-\(UUID().uuidString.lowercased())"

        init() throws { server = try Stage.current.server }

        @Test func `an account made at the console logs in, with the right it was given`() async throws {
            let user = try await server.command(
                "user", "create", name, "--email", "\(name)@tests.example", input: "from the console\n")
            let root = try await server.command(
                "user", "create", "\(name)-root", "--email", "\(name)-root@tests.example", "--superuser",
                input: "from the console\n")
            #expect(user.hasSucceeded && root.hasSucceeded, "\(user) \(root)")
            for (name, role) in [(name, "user"), ("\(name)-root", "superuser")] {
                let login = try await server.logIn(name, "from the console")
                #expect(login.verdict == "200")
                let token = try #require(try login.json["access_token"].string)
                let me = try await server.call("GET", "/auth/me", token: token).json
                #expect(me["role"].string == role)
            }
            let list = try await server.command("user", "list")
            #expect(
                list.hasSucceeded && list.output.contains(name) && list.output.contains("\(name)-root@tests.example"))
            #expect(!list.output.contains("$y$"))
        }

        @Test func `accounts are told as the API answers them`() async throws {
            let made = try await server.command(
                "user", "create", name, "--email", "\(name)@tests.example", "--json", input: "long enough\n")
            let id = try #require(try made.json["id"].string)
            let root = try await server.superuser()
            #expect(try made.json == (try await root.get("/users/\(id)")))
            for verb in ["disable", "enable"] {
                let answer = try await server.command("user", verb, name, "--json")
                #expect(try answer.json == (try await root.get("/users/\(id)")), "\(answer)")
            }
            let demoted = try await server.command("user", "role", name, "viewer", "--json")
            #expect(try demoted.json == (try await root.get("/users/\(id)")), "\(demoted)")
            let changed = try await server.command("user", "passwd", name, "--json", input: "long enough too\n")
            #expect(try changed.json["username"] == .string(name), "\(changed)")
            let list = try await server.command("user", "list", "--json")
            #expect(try list.json.items.contains { $0["id"] == .string(id) }, "\(list)")
        }

        @Test func `what is wrong is said in words, with a failing exit`() async throws {
            let existing = try await server.newcomer().username
            let answers = [
                try await server.command("user", "create", name, "--email", "no address", input: "long enough\n"),
                try await server.command("user", "create", name, "--email", "\(name)@x.example", input: "short\n"),
                try await server.command(
                    "user", "create", existing, "--email", "\(name)@x.example", input: "long enough\n"),
                try await server.command("user", "create", name, "--email", "\(name)@x.example", input: ""),
                try await server.command("user", "passwd", "nobody-\(name)", input: "long enough\n"),
                try await server.command("user", "disable", "nobody-\(name)"),
                try await server.command("user", "enable", "nobody-\(name)"),
                try await server.command("user", "create", name),
                try await server.command(
                    "user", "create", name, "--email", "\(name)@x.example", "--password", "argument"),
            ]
            for answer in answers {
                #expect(answer.end != .exited(0), "\(answer)")
                #expect(!answer.error.isEmpty && !answer.error.contains("Fatal"), "\(answer)")
            }
            #expect(try await server.logIn(name, "long enough").status == 401)
        }

        @Test func `a role is given at the console, and written down`() async throws {
            let made = try await server.command(
                "user", "create", name, "--email", "\(name)@tests.example", "--role", "viewer", input: "long enough\n")
            let changed = try await server.command("user", "role", name, "user")
            #expect(made.hasSucceeded && changed.hasSucceeded, "\(made) \(changed)")
            for answer in [
                try await server.command("user", "role", name, "admin"),
                try await server.command("user", "role", "nobody-\(name)", "user"),
                try await server.command(
                    "user", "create", "x\(name)", "--email", "x@x.example", "--role", "user", "--superuser",
                    input: "long enough\n"),
            ] {
                #expect(answer.end != .exited(0), "\(answer)")
            }
            let root = try await server.superuser()
            let found = try await root.get("/users?role=user&limit=1000").items.first {
                $0["username"] == .string(name)
            }
            let id = try #require(found?["id"].string)
            let rows = try await root.get("/audit?resource_id=\(id)")["items"].items
            #expect(rows.map(\.["action"]) == ["user.update", "user.create"])
            #expect(rows.allSatisfy { $0["actor_type"] == "console" && $0["ip"] == nil })
            #expect(rows[0]["changes"] == ["role": ["from": "viewer", "to": "user"]])
        }

        @Test func `the last superuser cannot be disabled`() async throws {
            try await Story.tell("last") { story in
                let database = try await story.database()
                let server = QkronServer("last", in: story.stage.workspace, database: database)
                #expect(try await server.command("migrate").hasSucceeded)
                let made = try await server.command(
                    "user", "create", "only-root", "--email", "root@x.example", "--superuser", input: "long enough\n")
                #expect(made.hasSucceeded, "\(made)")
                let answer = try await server.command("user", "disable", "only-root")
                #expect(answer.end != .exited(0))
                #expect(try await database.number("SELECT count(*) FROM qkron.users WHERE is_active") == 1)
            }
        }
    }
}
