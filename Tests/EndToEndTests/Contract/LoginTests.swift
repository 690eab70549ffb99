import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct LoginTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func form(_ text: String, path: String = "/api/v1/auth/login") async throws -> HTTPResponse {
            try await server.send(
                "POST", path, headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(text.utf8))
        }

        @Test func `the OAuth2 password form logs in by name and by e-mail`() async throws {
            let person = try await server.newcomer()
            let byName = try await form(
                "grant_type=password&scope=&username=\(person.username)&password=correct+horse")
            let byMail = try await form("username=\(person.username)%40tests.example&password=correct%20horse")
            for answer in [byName, byMail] {
                let token = try answer.json
                #expect(answer.verdict == "200")
                #expect(token["token_type"] == "bearer")
                #expect(token["expires_in"] == 1800)
                let text = try #require(token["access_token"].string)
                let me = try await server.call("GET", "/auth/me", token: text)
                #expect(try me.json["id"] == .string(person.id))
            }
        }

        @Test func `JSON logs in too, and me tells who it is and when`() async throws {
            let person = try await server.newcomer()
            let me = try await person.get("/auth/me")
            #expect(me["username"] == .string(person.username))
            #expect(me["last_login_at"].string != nil)
        }

        @Test func `a wrong password and an unknown name answer alike`() async throws {
            let person = try await server.newcomer()
            let wrong = try await server.logIn(person.username, "wrong horse")
            let unknown = try await server.logIn("nobody-\(UUID())", "wrong horse")
            let long = try await server.logIn(person.username, String(repeating: "p", count: 100))
            for answer in [wrong, unknown, long] {
                #expect(answer.verdict == "401 invalid_credentials")
                #expect(try answer.json["detail"] == "Incorrect username or password")
            }
        }

        @Test func `missing fields are named`() async throws {
            let empty = try await form("")
            let partial = try await form("username=somebody")
            let json = try await server.call("POST", "/auth/login", ["password": "x"])
            #expect(empty.verdict == "422 validation_failed")
            #expect(empty.faultyPlaces == ["body.username", "body.password"])
            #expect(partial.faultyPlaces == ["body.password"])
            #expect(json.faultyPlaces == ["body.username"])
        }

        @Test(arguments: [
            "username=%zz&password=x", "username=%FF%FE&password=long+enough", "username=a%00b&password=long+enough",
        ])
        func `a form that is none is refused`(text: String) async throws {
            let answer = try await form(text)
            #expect(["422 validation_failed", "400 malformed_json"].contains(answer.verdict), "\(answer)")
        }

        @Test func `a stale token does not keep anyone from logging in`() async throws {
            let person = try await server.newcomer()
            let answer = try await server.call(
                "POST", "/auth/login",
                ["username": .string(person.username), "password": .string(person.password)], token: "stale.token.here")
            #expect(answer.verdict == "200")
        }
    }
}
