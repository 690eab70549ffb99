import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    @Suite struct UserRouteTests {
        let server: QkronServer
        let name = "made-\(UUID().uuidString.lowercased())"

        init() throws { server = try Stage.current.server }

        private func account(_ more: JSON = [:]) -> JSON {
            let base: JSON = [
                "username": .string(name), "email": .string("\(name)@tests.example"), "password": "correct horse",
            ]
            return base.merging(more)
        }

        @Test func `a superuser makes an account, changes it and removes it`() async throws {
            let root = try await server.superuser()
            let made = try await root.call("POST", "/users", account(["role": "viewer"]))
            #expect(made.status == 201, "\(made)")
            let user = try made.json
            #expect(
                user.keys == [
                    "id", "email", "username", "role", "is_active", "is_superuser", "created_at", "updated_at",
                    "last_login_at",
                ])
            #expect(user["role"] == "viewer" && user["is_superuser"] == false && user["is_active"] == true)
            let id = try #require(user["id"].string)
            #expect(try await root.call("POST", "/users", account()).verdict == "400 email_taken")
            #expect(
                try await root.call("POST", "/users", account(["email": "other@tests.example"])).verdict
                    == "400 username_taken")
            let viewers = try await root.get("/users?role=viewer&is_active=true&limit=1000").items
            #expect(viewers.contains(user) && viewers.allSatisfy { $0["role"] == "viewer" })
            #expect(try await root.get("/users?skip=1&limit=1").items.count == 1)

            let changed = try await root.call(
                "PUT", "/users/\(id)", ["is_superuser": false, "role": "user", "email": "\(name)@other.example"])
            #expect(try changed.json["role"] == "user")
            #expect(try changed.json["email"] == .string("\(name)@other.example"))
            let promoted = try await root.call("PATCH", "/users/\(id)", ["is_superuser": true])
            #expect(try promoted.json["role"] == "superuser")
            #expect(try await root.call("PUT", "/users/\(id)", ["password": "x"]).verdict == "422 validation_failed")
            let password: JSON = ["password": "battery staple", "current_password": "correct horse"]
            #expect(try await root.call("PUT", "/users/\(id)", password).verdict == "403 forbidden")
            #expect(try await root.call("DELETE", "/users/\(id)").verdict == "204")
            #expect(try await root.call("GET", "/users/\(id)").verdict == "404 not_found")
            #expect(try await root.call("DELETE", "/users/\(id)").verdict == "404 not_found")
        }

        @Test(
            arguments: [
                (["role": "admin"], "body.role"), (["role": nil], "body.role"), (["is_active": 1], "body.is_active"),
                (["role": "user", "is_superuser": true], "body.is_superuser"), (["email": "no address"], "body.email"),
                (["password": "short"], "body.password"), (["username": "x"], "body.username"),
            ] as [(JSON, String)])
        func `what is wrong with an account is said`(fields: JSON, place: String) async throws {
            let root = try await server.superuser()
            let answer = try await root.call("POST", "/users", account(fields))
            #expect(answer.verdict == "422 validation_failed" && answer.faultyPlaces == [place])
        }

        @Test func `everybody sees and changes the own account, and a new password ends the tokens at once`()
            async throws
        {
            let (root, person) = (try await server.superuser(), try await server.newcomer())
            let path = "/users/\(person.id)"
            #expect(try await person.get(path)["username"] == .string(person.username))
            for other in [OwnershipTests.nobodys, try await server.newcomer().id] {
                #expect(try await person.call("GET", "/users/\(other)").verdict == "403 not_owner")
                #expect(try await person.call("PUT", "/users/\(other)", [:]).verdict == "403 not_owner")
            }
            #expect(try await person.call("GET", "/users").verdict == "403 role_required")
            #expect(try await person.call("GET", "/users/5").faultyPlaces == ["path.user_id"])
            #expect(try await person.call("DELETE", path).verdict == "403 role_required")
            #expect(try await person.call("PUT", path, ["role": "superuser"]).verdict == "403 forbidden")
            let missing = try await person.call("PUT", path, ["password": "battery staple"])
            #expect(missing.faultyPlaces == ["body.current_password"])
            let wrong: JSON = ["password": "battery staple", "current_password": "wrong horse"]
            #expect(try await person.call("PUT", path, wrong).verdict == "400 wrong_current_password")
            let right: JSON = ["password": "battery staple", "current_password": .string(person.password)]
            #expect(try await person.call("PUT", path, right).verdict == "200")
            #expect(try await person.call("GET", path).verdict == "401 token_revoked")
            #expect(try await server.logIn(person.username, "battery staple").status == 200)
            #expect(try await root.call("PUT", path, ["is_active": false]).verdict == "200")
            #expect(try await server.logIn(person.username, "battery staple").verdict == "403 account_inactive")
        }

        @Test func `a change of role is felt at once, and a deleted user's command is killed`() async throws {
            let (root, person) = (try await server.superuser(), try await server.newcomer())
            let task = try await person.makeTask(["command": "sleep 300", "env": ["SECRET": "x"]])
            let run = try await person.execute(task)
            try await person.execution(run, of: task, is: "running")
            #expect(try await root.call("PUT", "/users/\(person.id)", ["role": "viewer"]).verdict == "200")
            #expect(try await person.call("POST", "/tasks/\(task)/execute").verdict == "403 role_required")
            let theirs = try await root.makeTask(["env": ["SECRET": "x"]])
            #expect(try await person.get("/tasks/\(theirs)")["env"] == ["SECRET": nil])
            #expect(try await person.get("/tasks/\(task)")["env"] == ["SECRET": "x"])
            #expect(try await person.get("/tasks/\(task)")["next_run"] == nil)
            #expect(try await person.get("/tasks?owner_id=\(person.id)")["total"] == 1)
            let process = try #require(
                ProcessTable.all().first { $0.environment.contains("QKRON_EXECUTION_ID=\(run)") })
            #expect(try await root.call("DELETE", "/users/\(person.id)").verdict == "204")
            #expect(try await person.call("GET", "/auth/me").verdict == "401 token_revoked")
            #expect(try await root.call("GET", "/tasks/\(task)").verdict == "404 not_found")
            try await eventually("the command is dead") {
                !ProcessTable.all().contains { $0.id == process.id }
            }
        }
    }
}
