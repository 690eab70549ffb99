import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct TokenTests {
        let server: QkronServer

        init() throws { server = try Stage.current.server }

        private func verdict(of token: String) async throws -> String {
            try await server.call("GET", "/auth/me", token: token).verdict
        }

        @Test func `a token holds the registered claims and nothing that names the person`() async throws {
            let person = try await server.newcomer()
            let token = try #require(try WebToken(person.token))
            let claims = token.claims
            #expect(token.header["alg"] == "HS256")
            #expect(claims["sub"] == .string(person.id))
            #expect(claims["iss"] == "qkron")
            #expect(claims["aud"] == "qkron")
            #expect(claims["jti"].string?.isEmpty == false)
            let issued = try #require(claims["iat"].double)
            #expect(try #require(claims["exp"].double) - issued == 1800)
            #expect(try #require(claims["nbf"].double) <= issued)
            #expect(!claims.description.contains(person.username))
        }

        @Test func `a token that is signed anew with the server's key is as good as the old one`() async throws {
            // What the forgeries of the other tests change is then what makes them fail.
            let token = try #require(try WebToken(try await server.newcomer().token))
            #expect(try await verdict(of: Self.signed(token)) == "200")
        }

        @Test(
            arguments: [
                ["iss": "somebody"], ["aud": "others"], ["nbf": 4_000_000_000], ["iat": 4_000_000_000],
                ["exp": "tomorrow"],
                ["exp": nil], ["sub": nil], ["sub": "admin"], ["sub": 1], ["jti": nil], ["iss": nil], ["aud": nil],
            ] as [JSON])
        func `every claim is checked`(change: JSON) async throws {
            var token = try #require(try WebToken(try await server.newcomer().token))
            token.claims = token.claims.merging(change)
            #expect(try await verdict(of: Self.signed(token)) == "401 invalid_token")
        }

        @Test func `a token of a user who does not exist is revoked`() async throws {
            var token = try #require(try WebToken(try await server.newcomer().token))
            token.claims = token.claims.merging(["sub": "01900000-0000-7000-8000-000000000000"])
            #expect(try await verdict(of: Self.signed(token)) == "401 token_revoked")
        }

        @Test func `no token and no bearer are told apart from a bad token`() async throws {
            let none = try await server.call("GET", "/auth/me")
            let basic = try await server.send(
                "GET", "/api/v1/auth/me", headers: [("Authorization", "Basic dXNlcjpwYXNz")])
            #expect(none.verdict == "401 not_authenticated")
            #expect(basic.status == 401)
        }

        @Test(arguments: ["", "x", "a.b.c", "....", "eyJhbGciOiJIUzI1NiJ9..", String(repeating: "a", count: 8_000)])
        func `rubbish is no token`(text: String) async throws {
            let answer = try await server.send(
                "GET", "/api/v1/auth/me", headers: [("Authorization", "Bearer \(text)")])
            #expect(["401 invalid_token", "401 not_authenticated"].contains(answer.verdict), "\(answer)")
        }

        @Test func `a token past its end has expired`() async throws {
            var token = try #require(try WebToken(try await server.newcomer().token))
            let now = Date().timeIntervalSince1970.rounded()
            token.claims = token.claims.merging([
                "exp": .integer(Int(now) - 10), "iat": .integer(Int(now) - 1810), "nbf": .integer(Int(now) - 1810),
            ])
            let signed = try Self.signed(token)
            #expect(try await verdict(of: signed) == "401 token_expired")
        }

        @Test func `an unsigned token is refused, whatever it says of its algorithm`() async throws {
            var token = try #require(try WebToken(try await server.newcomer().token))
            for name in ["none", "None", "NONE", "HS512", "RS256"] {
                token.header = ["alg": .string(name), "typ": "JWT"]
                token.signature = []
                #expect(try await verdict(of: token.text()) == "401 invalid_token")
                #expect(try await verdict(of: token.text(signedWith: QkronServer.secretKey)) == "401 invalid_token")
            }
        }

        @Test func `a token signed with another key is refused`() async throws {
            let token = try #require(try WebToken(try await server.newcomer().token))
            let forged = try token.text(signedWith: "another key that is quite as long as the true one")
            #expect(try await verdict(of: forged) == "401 invalid_token")
        }

        @Test func `claims cannot be changed under a signature`() async throws {
            let person = try await server.newcomer()
            let victim = try await server.newcomer()
            var token = try #require(try WebToken(person.token))
            token.claims = token.claims.merging(["sub": .string(victim.id)])
            #expect(try await verdict(of: token.text()) == "401 invalid_token")
        }

        @Test func `a changed character anywhere spoils a token`() async throws {
            let token = try await server.newcomer().token
            for position in stride(from: 0, to: token.count, by: 23) {
                var characters = Array(token)
                characters[position] = characters[position] == "A" ? "B" : "A"
                let changed = String(characters)
                guard changed != token else { continue }
                #expect(try await verdict(of: changed) == "401 invalid_token", "position \(position)")
            }
        }

        @Test func `the service key is refused where none is configured`() async throws {
            let answer = try await server.send("GET", "/api/v1/tasks", headers: [("X-API-Key", "some-key")])
            #expect(answer.verdict == "401 invalid_api_key")
        }

        private static func signed(_ token: WebToken) throws -> String {
            try token.text(signedWith: QkronServer.secretKey)
        }
    }
}
