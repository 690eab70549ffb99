import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct RegistrationTests {
        let server: QkronServer
        let name = "reg-\(UUID().uuidString.lowercased())"

        init() throws { server = try Stage.current.server }

        private func register(_ changes: JSON = [:]) async throws -> HTTPResponse {
            let fields: JSON = ["email": "\(name)@tests.example", "username": .string(name), "password": "long enough"]
            return try await server.call("POST", "/auth/register", fields.merging(changes))
        }

        @Test func `a newcomer becomes a user who is no superuser and never sees a hash`() async throws {
            let answer = try await register(["role": "superuser", "is_superuser": true])
            let user = try answer.json
            #expect(answer.verdict == "201")
            #expect(
                user.keys == [
                    "id", "email", "username", "role", "is_active", "is_superuser", "created_at", "updated_at",
                    "last_login_at",
                ])
            #expect(user["username"] == .string(name))
            #expect(user["email"] == "\(name)@tests.example")
            #expect(user["role"] == "user")
            #expect(user["is_superuser"] == false)
            #expect(user["is_active"] == true)
            #expect(user["last_login_at"] == .null)
            #expect(user["created_at"].string?.hasSuffix("Z") == true)
        }

        @Test func `an e-mail is taken whatever its case`() async throws {
            _ = try await register()
            let answer = try await register(["email": "\(name.uppercased())@Tests.Example", "username": "\(name)-2"])
            #expect(answer.verdict == "400 email_taken")
            #expect(try answer.json["detail"] == "Email already registered")
        }

        @Test func `a username is taken as it is written`() async throws {
            _ = try await register()
            let same = try await register(["email": "\(name)-2@tests.example"])
            let otherCase = try await register(
                ["email": "\(name)-3@tests.example", "username": .string(name.uppercased())])
            #expect(same.verdict == "400 username_taken")
            #expect(try same.json["detail"] == "Username already taken")
            #expect(otherCase.verdict == "201")
        }

        @Test(
            arguments: [
                (["email": "no address"], "body.email"), (["email": nil], "body.email"), (["email": 7], "body.email"),
                (["email": .string(String(repeating: "a", count: 250) + "@b.example")], "body.email"),
                (["username": "ab"], "body.username"),
                (["username": .string(String(repeating: "u", count: 256))], "body.username"),
                (["username": "line\nbreak"], "body.username"), (["username": "some@body.else"], "body.username"),
                (["username": "nul\u{0}nul"], "body.username"), (["username": ["a"]], "body.username"),
                (["password": "seven77"], "body.password"),
                (["password": .string(String(repeating: "p", count: 73))], "body.password"),
                (["password": 12_345_678], "body.password"), (["password": nil], "body.password"),
            ] as [(JSON, String)])
        func `a faulty field is refused by name`(change: JSON, place: String) async throws {
            let answer = try await register(change)
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == [place])
        }

        @Test func `all faults are told at once`() async throws {
            let answer = try await server.call("POST", "/auth/register", ["username": "ab"])
            #expect(answer.verdict == "422 validation_failed")
            #expect(answer.faultyPlaces == ["body.email", "body.username", "body.password"])
        }

        @Test func `a username may hold an at sign only as the own e-mail`() async throws {
            let answer = try await register(["username": "\(name)@tests.example"])
            #expect(answer.verdict == "201")
        }

        @Test func `an e-mail may not be another's username`() async throws {
            let address = "\(name)@tests.example"
            _ = try await register(["username": .string(address)])
            let answer = try await register(["email": .string(address), "username": "\(name)-2"])
            #expect(answer.verdict == "400 email_taken")
        }
    }
}
