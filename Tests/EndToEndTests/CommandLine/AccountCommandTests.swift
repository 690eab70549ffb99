import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron account`, and `qkron audit`, which tells of it.
    @Suite struct AccountCommandTests {
        private let name = "account-\(UUID().uuidString.lowercased())"

        @Test func `a superuser makes, lists, shows, changes and deletes an account`() async throws {
            let (shell, root) = try await Shell.superuser()
            let made = try await shell.qkron(
                "account", "create", name, "--email", "\(name)@tests.example", "--role", "viewer", "--json",
                input: "correct horse\n")
            #expect(try made.hasSucceeded && made.json["role"] == "viewer", "\(made)")
            let id = try #require(try made.json["id"].string)
            #expect(try await root.server.logIn(name, "correct horse").status == 200)

            let table = try await shell.qkron("account", "list", "--role", "viewer")
            #expect(
                table.output.hasPrefix("USERNAME") && table.output.contains("\(name)  \(name)@tests.example  viewer"))
            let page = try await shell.qkron("account", "show", name)
            #expect(page.output.contains("Role        viewer") && page.output.contains(id), "\(page)")
            #expect(try await shell.qkron("account", "show", id, "--json").json == (try await root.get("/users/\(id)")))

            let changed = try await shell.qkron("account", "update", name, "--role", "user", "--disable", "--json")
            #expect(try changed.json["role"] == "user" && changed.json["is_active"] == false, "\(changed)")
            let disabled = try await shell.qkron("account", "list", "--disabled", "--json")
            #expect(try disabled.json.items.contains { $0["username"] == .string(name) }, "\(disabled)")
            let email = "new-\(name)@tests.example"
            let enabled = try await shell.qkron("account", "update", id, "--enable", "--email", email)
            #expect(enabled.output == "Changed '\(name)' (\(id)).\n", "\(enabled)")
            #expect(try await root.get("/users/\(id)")["email"] == .string(email))

            let log = try await shell.qkron("audit", "--resource-id", id, "--action", "user.update", "--json")
            #expect(try log.json.items.map { $0["changes"].keys } == [["email", "is_active"], ["is_active", "role"]])
            #expect(try await shell.qkron("account", "delete", name).failed(64, "--yes"))
            #expect(try await shell.qkron("account", "delete", name, "--yes").output == "Deleted \(id).\n")
            #expect(try await root.call("GET", "/users/\(id)").status == 404)
        }

        @Test func `everybody sees their own account and changes their own password`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let own = try await shell.qkron("account", "show", "--json")
            #expect(try own.json["id"] == .string(person.id), "\(own)")
            let named = try await shell.qkron("account", "show", person.username, "--json")
            #expect(try named.json["id"] == .string(person.id), "\(named)")
            let wrong = try await shell.qkron("account", "passwd", input: "wrong horse\nbattery staple\n")
            #expect(wrong.failed(5, "password") && !wrong.error.contains("staple"), "\(wrong)")
            let changed = try await shell.qkron(
                "account", "passwd", input: "\(person.password)\nbattery staple\n")
            #expect(changed.hasSucceeded && changed.output.contains("has a new password"), "\(changed)")
            #expect(try await person.server.logIn(person.username, "battery staple").status == 200)
            #expect(try await shell.qkron("account", "show").failed(3, "qkron login"))
        }

        @Test func `each way to fail has its exit code`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let (root, me) = try await Shell.superuser()
            let input = "long enough\n"
            let cases: [(Int32, Tool.Answer)] = [
                (3, try await shell.qkron("account", "list")),
                (3, try await shell.qkron("account", "delete", person.id, "--yes")),
                (3, try await shell.qkron("account", "create", name, "--email", "a@b.example", input: input)),
                (3, try await shell.qkron("audit")), (4, try await root.qkron("account", "show", "nobody-\(name)")),
                (4, try await root.qkron("account", "show", OwnershipTests.nobodys)),
                (4, try await root.qkron("audit", "--actor", "nobody-\(name)")),
                (5, try await root.qkron("account", "update", person.id, "--role", "king")),
                (5, try await root.qkron("account", "delete", me.username, "--yes")),
                (5, try await root.qkron("account", "create", person.username, "--email", "x@y.example", input: input)),
                (5, try await root.qkron("audit", "--since", "yesterday")),
                (64, try await root.qkron("account", "update", person.id)),
                (64, try await root.qkron("account", "update", person.id, "--enable", "--disable")),
                (64, try await root.qkron("audit", "--skip=-1")),
            ]
            for (code, answer) in cases {
                #expect(
                    answer.end == .exited(code) && answer.output.isEmpty && !answer.error.isEmpty, "\(code): \(answer)")
            }
        }

        @Test func `the audit log is shown by its filters, page by page`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let root = try await Shell.superuser().shell
            for number in 1...3 { _ = try await person.makeTask(["name": "task \(number)"]) }
            #expect(try await shell.qkron("task", "pause", "task 1").hasSucceeded)
            let table = try await root.qkron("audit", "--actor", person.username, "--resource-type", "task")
            let lines = table.output.split(separator: "\n")
            #expect(lines.count == 5 && lines[0].hasPrefix("TIME "), "\(table)")
            #expect(lines[1].contains("task.pause") && lines[1].hasSuffix("  is_active"), "\(table)")
            #expect(lines[2].contains("task.create") && lines[2].hasSuffix(" fields"), "\(table)")
            let words = ["audit", "--actor", person.id, "--action", "task.create", "--json"]
            let all = try await root.run(words).json.items
            #expect(all.map(\.["action"]) == Array(repeating: "task.create", count: 3))
            for skip in 0...2 {
                let page = try await root.run(words + ["--limit", "1", "--skip", "\(skip)"])
                #expect(try page.json.items == [all[skip]], "\(page)")
            }
            let until = try #require(all[0]["timestamp"].string)
            #expect(try await root.run(words + ["--until", until]).json.items == Array(all[1...]))
            #expect(try await root.run(words + ["--since", until]).json.items == [all[0]])
        }

        @Test func `what was done by a key is found by its id or name, and the key is named`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let (root, me) = try await Shell.superuser()
            let made = try await shell.qkron("key", "create", name, "--scope", "tasks:write", "--json")
            let (id, secret) = (try made.json["id"].string ?? "", try made.json["key"].string ?? "")
            var program = shell
            program.variables["QKRON_TOKEN"] = nil
            program.variables["QKRON_API_KEY"] = secret
            _ = try await person.makeTask(["name": "by hand"])
            let task = try await program.qkron(
                "task", "create", "--name", "by key", "--command", "true", "--every", "1d", "--json")
            #expect(task.hasSucceeded, "\(task)")
            let taskID = try task.json["id"]

            let words = ["audit", "--action", "task.create"]
            for choice in [["--key", id], ["--key", name, "--actor", person.username]] {
                let found = try await root.run(words + choice + ["--json"])
                #expect(try found.json.items.map(\.["resource_id"]) == [taskID], "\(found)")
                let table = try await root.run(words + choice).output
                #expect(table.split(separator: "\n").count == 2 && table.contains("  BY       KEY  "), "\(table)")
                #expect(table.contains("  \(person.username)  api_key  \(name)  127.0.0.1  "), "\(table)")
            }
            let both = try await root.run(words + ["--actor", person.id])
            #expect(both.output.split(separator: "\n").count == 3, "\(both)")
            #expect(try await root.qkron("audit", "--key", name).failed(4, "There is no key named '\(name)'"))
            let own = try await root.qkron("key", "create", "own-\(name)", "--scope", "tasks:read")
            #expect(own.hasSucceeded, "\(own)")
            for choice in [["--key", "own-\(name)"], ["--key", "own-\(name)", "--actor", me.username]] {
                let found = try await root.run(["audit", "--json"] + choice)
                #expect(found.hasSucceeded && found.output == "[]\n", "\(found)")
            }
        }
    }
}
