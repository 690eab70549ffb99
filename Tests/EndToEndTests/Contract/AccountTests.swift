import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// What the console does to an account holds at once for those who are logged in.
    @Suite struct AccountTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func eventually(_ person: Person, is verdict: String) async throws {
            try await EndToEndSupport.eventually(within: .seconds(5), "the token of \(person.username) is \(verdict)") {
                try await person.call("GET", "/auth/me").verdict == verdict
            }
        }

        @Test func `a disabled user is shut out, and an enabled one needs a new token`() async throws {
            let person = try await server.newcomer()
            #expect(try await server.command("user", "disable", person.username).hasSucceeded)
            try await eventually(person, is: "403 account_inactive")
            let login = try await server.logIn(person.username, person.password)
            #expect(login.verdict == "403 account_inactive")

            #expect(try await server.command("user", "enable", person.username).hasSucceeded)
            try await eventually(person, is: "401 token_revoked")
            #expect(try await server.logIn(person.username, person.password).verdict == "200")
        }

        @Test func `a new password revokes every earlier token and the old password`() async throws {
            let person = try await server.newcomer()
            let changed = try await server.command("user", "passwd", person.username, input: "battery staple\n")
            #expect(changed.hasSucceeded, "\(changed)")
            try await eventually(person, is: "401 token_revoked")
            #expect(try await server.logIn(person.username, person.password).verdict == "401 invalid_credentials")
            let answer = try await server.logIn(person.username, "battery staple")
            #expect(answer.verdict == "200")
            let token = try #require(try answer.json["access_token"].string)
            #expect(try await server.call("GET", "/auth/me", token: token).verdict == "200")
        }

        @Test func `a disabled user's tasks rest until the user is enabled`() async throws {
            let person = try await server.newcomer()
            let superuser = try await server.superuser()
            let task = try await person.makeTask(["schedule_type": "interval", "schedule": "1h"])
            _ = try await server.command("user", "disable", person.username)
            #expect(try await superuser.get("/tasks/\(task)")["next_run"] == .null)
            _ = try await server.command("user", "enable", person.username)
            #expect(try await superuser.get("/tasks/\(task)")["next_run"].string != nil)
        }
    }
}
