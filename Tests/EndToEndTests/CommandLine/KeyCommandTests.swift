import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron key`.
    @Suite struct KeyCommandTests {
        @Test func `a key is made, its secret shown once, and it works until it is revoked`() async throws {
            var (shell, person) = try await Shell.newcomer()
            let made = try await shell.qkron(
                "key", "create", "ci", "--scope", "tasks:read", "--scope", "tasks:write", "--expires-in", "90d",
                "--json")
            #expect(made.hasSucceeded, "\(made)")
            let secret = try #require(try made.json["key"].string)
            #expect(try made.json["scopes"] == ["tasks:read", "tasks:write"])
            #expect(try made.json["expires_at"].string != nil)
            let page = try await shell.qkron(
                "key", "create", "other", "--scope", "metrics", "--expires-at", "2100-01-01T00:00:00Z")
            #expect(page.output.contains("Made 'other'") && page.output.contains("good until 2100-01-01"), "\(page)")
            #expect(page.output.contains("The secret, shown only here: qk_"), "\(page)")

            let table = try await shell.qkron("key", "list")
            let lines = table.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].hasPrefix("NAME   PREFIX    SCOPES"), "\(table)")
            #expect(lines[2].hasPrefix("ci     \(secret.prefix(8))  tasks:read,tasks:write"), "\(table)")
            let list = try await shell.qkron("key", "list", "--json")
            #expect(try list.json == (try await person.get("/api-keys?limit=10")) && !list.output.contains(secret))

            shell.variables["QKRON_TOKEN"] = nil
            shell.variables["QKRON_API_KEY"] = secret
            #expect(try await shell.qkron("task", "list", "--json").json == [])
            #expect(try await shell.qkron("key", "list").end == .exited(3), "keys do not reach keys")
            shell.variables["QKRON_TOKEN"] = person.token
            let revoked = try await shell.qkron("key", "revoke", "ci", "--json")
            #expect(try revoked.json == ["id": made.json["id"]], "\(revoked)")
            shell.variables["QKRON_TOKEN"] = nil
            #expect(try await shell.qkron("task", "list").failed(3, "key"))
        }

        @Test func `a name stands for the key that works, and several want an id`() async throws {
            let (shell, person) = try await Shell.newcomer()
            for _ in 1...2 {
                #expect(try await shell.qkron("key", "create", "twin", "--scope", "tasks:read").hasSucceeded)
            }
            #expect(try await shell.qkron("key", "revoke", "twin").failed(5, "2 keys are named 'twin'"))
            let id = try #require(try await person.get("/api-keys")["items"][0]["id"].string)
            #expect(try await shell.qkron("key", "revoke", id).output == "Revoked \(id).\n")
            #expect(try await shell.qkron("key", "revoke", "twin").hasSucceeded)
            #expect(try await shell.qkron("key", "revoke", "twin").hasSucceeded, "repeating is harmless")
            let working = try await person.get("/api-keys")["items"].items.filter { $0["revoked_at"] == nil }
            #expect(working.isEmpty)
        }

        @Test func `a superuser sees another's keys, and nobody else does`() async throws {
            let (shell, person) = try await Shell.newcomer()
            #expect(try await shell.qkron("key", "create", "mine", "--scope", "tasks:read").hasSucceeded)
            let root = try await Shell.superuser().shell
            for name in [person.username, person.id] {
                let list = try await root.qkron("key", "list", "--owner", name, "--json")
                #expect(try list.json.items.map(\.["name"]) == ["mine"], "\(list)")
            }
            let stranger = try await Shell.newcomer().shell
            #expect(try await stranger.qkron("key", "list", "--owner", person.username).failed(3, "superuser"))
            #expect(try await stranger.qkron("key", "list", "--owner", person.id, "--json").json == [])
        }

        @Test func `what is wrong with a key is said`() async throws {
            let (shell, _) = try await Shell.newcomer()
            for (code, words) in [
                (5, ["--scope", "all"]), (64, []), (64, ["--scope", "metrics", "--expires-in", "soon"]),
                (5, ["--scope", "metrics", "--expires-at", "2020-01-01T00:00:00Z"]), (3, ["--scope", "queue"]),
                (64, ["--scope", "metrics", "--expires-in", "1d", "--expires-at", "2100-01-01T00:00:00Z"]),
            ] as [(Int32, [String])] {
                let answer = try await shell.run(["key", "create", "x"] + words)
                #expect(answer.end == .exited(code) && answer.output.isEmpty && !answer.error.isEmpty, "\(answer)")
            }
        }
    }
}
