import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct UserTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)
    private let nobody = Caller(.anonymous)

    private func account(_ name: String, password: String = "correct horse") -> NewAccount {
        NewAccount(email: "\(name)@example.org", username: name, password: password)
    }

    private func change(_ fill: (inout UserChange) -> Void) -> UserChange {
        var change = UserChange()
        fill(&change)
        return change
    }

    @Test func `a superuser makes, lists and finds accounts, nobody else does`() async throws {
        let operations = try await TestOperations()
        let (users, root, alice) = (operations.users, Caller(operations.root), Caller(operations.alice))
        let viewer = try await users.create(account("vera"), role: .viewer, isActive: false, as: root)
        #expect(viewer.role == .viewer && !viewer.isActive)
        let viewers = try await users.list(role: .viewer, isActive: nil, skip: 0, limit: 9, as: root)
        #expect(viewers == [viewer])
        let active = try await users.list(role: nil, isActive: true, skip: 1, limit: 9, as: root)
        #expect(active.map(\.username) == ["bob", "root"])
        #expect(try await users.find(operations.alice.id, as: alice).username == "alice")
        await expectRefused(.roleRequired) {
            try await users.create(account("x"), role: .user, isActive: true, as: alice)
        }
        await expectRefused(.roleRequired) {
            try await users.list(role: nil, isActive: nil, skip: 0, limit: 9, as: alice)
        }
        for stranger in [operations.bob.id, Identifier()] {
            await expectRefused(.notOwner) { try await users.find(stranger, as: alice) }
        }
        await expectRefused(.notFound) { try await users.find(Identifier(), as: root) }
        await expectRefused(.roleRequired) { try await users.find(operations.alice.id, as: Caller(.service)) }
    }

    @Test func `everybody changes the own password and e-mail, and proves the password before`() async throws {
        let operations = try await TestOperations()
        let (users, sessions) = (operations.users, operations.sessions)
        let carol = try await sessions.register(account("carol"), as: nobody)
        let token = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        _ = try await sessions.user(bearing: token.text, now: now)
        func set(_ fill: (inout UserChange) -> Void) async throws -> User {
            try await users.update(carol.id, with: change(fill), as: Caller(carol))
        }
        #expect(
            await faults { try await set { $0.password = .value("battery staple") } } == ["current_password: missing"])
        await expectRefused(.wrongCurrentPassword) {
            try await set {
                $0.password = .value("battery staple")
                $0.currentPassword = .value("wrong horse")
            }
        }
        await expectRefused(.forbidden) { try await set { $0.role = .value(.superuser) } }
        await expectRefused(.forbidden) { try await set { $0.isActive = .value(true) } }
        await expectRefused(.emailTaken) { try await set { $0.email = .value("ALICE@example.org") } }
        await expectRefused(.wrongCurrentPassword) {
            try await set {
                $0.email = .value("new@example.org")
                $0.currentPassword = .value("wrong horse")
            }
        }
        #expect(try await users.find(carol.id, as: Caller(carol)).email == carol.email)
        let proved = try await set {
            $0.email = .value("newer@example.org")
            $0.currentPassword = .value("correct horse")
        }
        #expect(proved.email == "newer@example.org")
        #expect(try await set { $0.email = .value("new@example.org") }.email == "new@example.org")
        #expect(try await sessions.user(bearing: token.text, now: now).email == "new@example.org")
        _ = try await set {
            $0.password = .value("battery staple")
            $0.currentPassword = .value("correct horse")
        }
        await expectRefused(.tokenRevoked) { try await sessions.user(bearing: token.text, now: now) }
        _ = try await sessions.logIn(name: "new@example.org", password: "battery staple", now: now, as: nobody)
        let eve = NewAccount(email: "eve@example.org", username: "eve@example.org", password: "correct horse")
        let named = try await sessions.register(eve, as: nobody)
        #expect(
            await faults {
                try await users.update(
                    named.id, with: change { $0.email = .value("other@example.org") }, as: Caller(named))
            } == ["email: value_error"])
    }

    @Test func `a superuser changes role, standing and e-mail, and no password`() async throws {
        let operations = try await TestOperations()
        let (users, root, alice) = (operations.users, Caller(operations.root), operations.alice)
        let changed = try await users.update(
            alice.id,
            with: change {
                $0.email = .value("alice@example.com")
                $0.role = .value(.superuser)
            }, as: root)
        #expect(
            changed.role == .superuser && changed.email == "alice@example.com" && changed.updatedAt > alice.updatedAt)
        await expectRefused(.forbidden) {
            try await users.update(
                alice.id,
                with: change {
                    $0.password = .value("battery staple")
                    $0.currentPassword = .value("x")
                }, as: root)
        }
        await expectRefused(.forbidden) {
            try await users.update(alice.id, with: change { $0.currentPassword = .value("x") }, as: root)
        }
        await expectRefused(.notOwner) {
            try await users.update(operations.root.id, with: change { _ in }, as: Caller(operations.bob))
        }
    }

    @Test func `who is demoted to viewer or disabled has tasks that rest until that is over`() async throws {
        let operations = try await TestOperations()
        let (users, root, alice) = (operations.users, Caller(operations.root), operations.alice)
        let task = try await operations.make()
        func nextRun() async throws -> Date? { try await operations.tasks.find(task.id, as: root).nextRun }
        for (down, up) in [
            (change { $0.role = .value(.viewer) }, change { $0.role = .value(.user) }),
            (change { $0.isActive = .value(false) }, change { $0.isActive = .value(true) }),
        ] {
            _ = try await users.update(alice.id, with: down, as: root)
            #expect(try await nextRun() == nil)
            try await operations.tasks.resume(task.id, as: root)
            #expect(try await nextRun() == nil, "nobody wakes it for the owner")
            _ = try await users.update(alice.id, with: up, as: root)
            #expect(try await nextRun() != nil)
        }
        let stands = try await operations.history(task).map { try $0.decode("owner_is_active", as: Bool.self) }
        #expect(stands == [true, false, true, false, true])
    }

    @Test func `a server with other COMMAND_ROLES lets tasks rest, and wakes them`() async throws {
        let operations = try await TestOperations()
        let root = Caller(operations.root)
        let (theirs, own) = (
            try await operations.make(), try await operations.tasks.create(operations.draft(), as: root)
        )
        let paused = try await operations.make { $0.isActive = .value(false) }
        func nextRuns() async throws -> [Bool] {
            var rows: [Bool] = []
            for task in [theirs, own, paused] {
                rows.append(try await operations.tasks.find(task.id, as: root).nextRun != nil)
            }
            return rows
        }
        try await operations.users.settleCommandRoles()
        #expect(try await nextRuns() == [true, true, false])
        let strict = UserOperations(
            database: operations.database.database, accounts: operations.users.accounts, commandRoles: [.superuser],
            remembered: RememberedCallers())
        for _ in 1...2 { try await strict.settleCommandRoles() }
        #expect(try await nextRuns() == [false, true, false])
        try await operations.users.settleCommandRoles()
        #expect(try await nextRuns() == [true, true, false])
        #expect(
            try await operations.history(theirs).map { try $0.decode("owner_is_active", as: Bool.self) }
                == [true, false, true])
        #expect(try await operations.history(own).count == 1)
    }

    @Test func `the last superuser stays`() async throws {
        let operations = try await TestOperations()
        let (users, root) = (operations.users, Caller(operations.root))
        for fatal in [
            change { $0.role = .value(.user) }, change { $0.role = .value(.viewer) },
            change { $0.isActive = .value(false) },
        ] {
            await expectRefused(.lastSuperuser) { try await users.update(operations.root.id, with: fatal, as: root) }
        }
        await expectRefused(.cannotDeleteSelf) { try await users.delete(operations.root.id, as: root) }
        await expectRefused(.lastSuperuser) { try await users.setRole(.viewer, of: "root") }
        let second = try await operations.database.addUser("second", role: .superuser)
        try await users.delete(operations.root.id, as: Caller(second))
        await expectRefused(.lastSuperuser) { try await users.setActive(false, username: "second") }
    }

    @Test func `whoever is to be no superuser becomes a user only from one`() async throws {
        let operations = try await TestOperations()
        let (users, root) = (operations.users, Caller(operations.root))
        for (role, after) in [(Role.viewer, Role.viewer), (.user, .user), (.superuser, .user)] {
            let account = try await users.create(account("of-\(role)"), role: role, isActive: true, as: root)
            let demotion = change { $0.isSuperuser = .value(false) }
            #expect(try await users.update(account.id, with: demotion, as: root).role == after, "\(role)")
            let promotion = change { $0.isSuperuser = .value(true) }
            #expect(try await users.update(account.id, with: promotion, as: root).role == .superuser, "\(role)")
        }
        let alice = operations.alice
        for value in [true, false] {
            await expectRefused(.forbidden) {
                try await users.update(alice.id, with: change { $0.isSuperuser = .value(value) }, as: Caller(alice))
            }
        }
        for name in ["of-viewer", "of-user", "of-superuser"] { try await users.setRole(.user, of: name) }
        await expectRefused(.lastSuperuser) {
            try await users.update(operations.root.id, with: change { $0.isSuperuser = .value(false) }, as: root)
        }
    }

    @Test func `of two superusers who demote each other at once one succeeds`() async throws {
        let operations = try await TestOperations()
        let (users, root) = (operations.users, operations.root)
        let second = try await operations.database.addUser("second", role: .superuser)
        for _ in 0..<5 {
            let results = await withTaskGroup(of: Bool.self) { group in
                for (one, other) in [(root, second), (second, root)] {
                    group.addTask {
                        var change = UserChange()
                        change.role = .value(.user)
                        return (try? await users.update(other.id, with: change, as: Caller(one))) != nil
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(results.count { $0 } == 1)
            let left = try await users.list().filter { $0.role == .superuser }
            #expect(left.count == 1)
            try await users.setRole(.superuser, of: left.first?.id == root.id ? "second" : "root")
        }
    }

    @Test func `of two creations of one address one succeeds`() async throws {
        let operations = try await TestOperations()
        let (users, root) = (operations.users, Caller(operations.root))
        let results = await withTaskGroup(of: String.self) { group in
            for name in ["kate", "kathy"] {
                group.addTask {
                    let account = NewAccount(email: "k@x.org", username: name, password: "correct horse")
                    do {
                        return try await users.create(account, role: .user, isActive: true, as: root).role.rawValue
                    } catch OperationError.refused(let refusal, _) {
                        return refusal.rawValue
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(results.sorted() == ["email_taken", "user"])
    }

    @Test func `a deleted user leaves nothing but the audit log, and runs end`() async throws {
        let operations = try await TestOperations()
        let (users, database, alice) = (operations.users, operations.database, operations.alice)
        let task = try await operations.make()
        let run = try await operations.tasks.execute(task.id, as: Caller(alice))
        let node = try await database.addNode()
        let lease = try #require(try await database.claim(for: node).first)
        let key = try await operations.apiKeys.create(
            NewKey(name: "k", scopes: [.readTasks], expiresAt: nil), as: Caller(alice))
        _ = try await operations.apiKeys.holder(of: key.secret)
        try await users.delete(alice.id, as: Caller(operations.root))
        await expectRefused(.notFound) { try await users.find(alice.id, as: Caller(operations.root)) }
        await expectRefused(.notFound) { try await users.delete(alice.id, as: Caller(operations.root)) }
        await expectRefused(.invalidAPIKey) { try await operations.apiKeys.holder(of: key.secret) }
        #expect(try await database.store.execution(run, of: task.id) == nil)
        #expect(try await database.store.wishes(for: [lease]).map(\.wish) == [.forgetIt])
        // Whoever was admitted a moment ago comes too late.
        await expectRefused(.tokenRevoked) { try await operations.make() }
        await expectRefused(.tokenRevoked) {
            try await operations.apiKeys.create(
                NewKey(name: "k", scopes: [.readTasks], expiresAt: nil), as: Caller(alice))
        }
        var filter = AuditFilter()
        filter.action = "user.delete"
        let end = try await operations.audit.list(filter, .slice(skip: 0, limit: 9), as: Caller(operations.root))
        #expect(end.rows.map { $0.entry.changes["tasks"] } == [["from": 1, "to": 0]])
        filter.action = "task.delete"
        let gone = try await operations.audit.list(filter, .slice(skip: 0, limit: 9), as: Caller(operations.root))
        #expect(gone.rows.map(\.entry.resourceID) == [task.id.description])
        #expect(gone.rows.first?.entry.changes["name"] == ["from": "sample", "to": .null])
        filter = AuditFilter()
        filter.actor = Identifier(alice.id.uuid)
        let left = try await operations.audit.list(filter, .slice(skip: 0, limit: 9), as: Caller(operations.root))
        #expect(left.rows.map(\.entry.action) == ["api_key.create", "task.execute", "task.create"])
    }
}
