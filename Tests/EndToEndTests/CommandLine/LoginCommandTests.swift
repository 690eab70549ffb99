import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron login` and `qkron logout`.
    @Suite struct LoginCommandTests {
        @Test func `a login is kept for its owner alone, and is what the commands that follow use`() async throws {
            let server = try Stage.current.server
            let person = try await server.newcomer()
            var shell = try await Shell(server)
            let url = shell.variables.removeValue(forKey: "QKRON_URL") ?? ""
            let login = try await shell.qkron(
                "login", "--url", url, "--user", person.username, input: "\(person.password)\n")
            #expect(
                login.hasSucceeded && login.output.contains("Logged in as \(person.username) at \(url)"), "\(login)")
            let path = "\(shell.home)/.config/qkron/logins.json"
            var details = stat()
            let found = stat(path, &details)
            #expect(found == 0 && details.st_mode & 0o777 == 0o600)
            let file = try String(contentsOfFile: path, encoding: .utf8)
            #expect(!file.contains(person.password))

            #expect(try await shell.qkron("task", "list", "--json").json == [])
            shell.variables["QKRON_USER"] = person.username
            #expect(try await shell.qkron("task", "list").hasSucceeded, "the login is the named user's")
            shell.variables["QKRON_USER"] = "somebody-else"
            #expect(try await shell.qkron("task", "list").failed(1, "No password"))
            shell.variables["QKRON_USER"] = nil

            #expect(chmod(path, 0o644) == 0)
            #expect(try await shell.qkron("task", "list", "--server", url).failed(1, "Others may read"))
            #expect(chmod(path, 0o600) == 0)
            let out = try await shell.qkron("logout")
            #expect(out.hasSucceeded && out.output.contains("Logged out"), "\(out)")
            #expect(try await shell.qkron("task", "list", "--server", url).failed(3, "Say who asks"))
            #expect(try await shell.qkron("logout", "--server", url).output.contains("no login"))
            let told = try await shell.qkron(
                "login", "--url", url, "--user", person.username, "--json", input: "\(person.password)\n")
            #expect(try told.json["user"] == .string(person.username) && told.json["server"] == .string(url), "\(told)")
            #expect(try told.json.keys == ["user", "server", "expires_in"], "the token is not shown")
            let left = try await shell.qkron("logout", "--json")
            #expect(try left.json == ["server": .string(url), "was_logged_in": true], "\(left)")
        }

        @Test func `XDG_CONFIG_HOME says where, and a wrong password keeps nothing`() async throws {
            let server = try Stage.current.server
            let person = try await server.newcomer()
            var shell = try await Shell(server)
            shell.variables["XDG_CONFIG_HOME"] = "\(shell.home)/elsewhere"
            let wrong = try await shell.qkron("login", "--user", person.username, input: "secret-guess\n")
            #expect(wrong.failed(3, "Incorrect username") && !wrong.error.contains("secret-guess"), "\(wrong)")
            #expect(!FileManager.default.fileExists(atPath: "\(shell.home)/elsewhere"))
            #expect(try await shell.qkron("login", input: "x\n").failed(3, "Say who asks"))
            let login = try await shell.qkron("login", "--user", person.username, input: "\(person.password)\n")
            #expect(login.hasSucceeded, "\(login)")
            #expect(FileManager.default.fileExists(atPath: "\(shell.home)/elsewhere/qkron/logins.json"))
            #expect(!FileManager.default.fileExists(atPath: "\(shell.home)/.config"))
        }

        @Test func `a token that is good no more says how to get another, once`() async throws {
            var shell = try await Shell(try Stage.current.server)
            let person = try await shell.server.newcomer()
            shell.variables["QKRON_TOKEN"] = person.token
            #expect(try await shell.qkron("task", "list").hasSucceeded)
            let change: JSON = ["password": "battery staple", "current_password": .string(person.password)]
            #expect(try await person.call("PUT", "/users/\(person.id)", change).status == 200)
            for token in [person.token, "rubbish"] {
                shell.variables["QKRON_TOKEN"] = token
                let answer = try await shell.qkron("task", "list")
                #expect(answer.failed(3, "Log in again: 'qkron login'."), "\(answer)")
                #expect(answer.error.components(separatedBy: "Log in").count == 2, "\(answer)")
            }
        }

        @Test func `where no server is, a login says so`() async throws {
            let shell = try await Shell(try Stage.current.server)
            let answer = try await shell.qkron("login", "--server", "http://127.0.0.1:1", "--user", "x", input: "y\n")
            #expect(answer.failed(2, "connection refused"), "\(answer)")
        }
    }
}
