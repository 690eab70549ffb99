import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct APIKeyTests {
    private func key(_ scopes: [APIKeyScope] = [.readTasks], expiresAt: Date? = nil) -> NewKey {
        NewKey(name: "a key", scopes: scopes, expiresAt: expiresAt)
    }

    @Test func `a key speaks for its owner, and its secret is kept nowhere`() async throws {
        let operations = try await TestOperations()
        let (keys, alice) = (operations.apiKeys, operations.alice)
        let (made, secret) = try await keys.create(key([.readTasks, .executeTasks]), as: Caller(alice))
        #expect(made.prefix == String(secret.prefix(8)) && secret.count >= 40 && made.lastUsedAt == nil)
        #expect(made.scopes == [.readTasks, .executeTasks] && made.ownerID == alice.id)
        let holder = try await keys.holder(of: secret)
        guard case .key(let found, let owner) = holder else { throw TestFailure("\(holder)") }
        #expect(found.id == made.id && owner == alice)
        let stored: [String] = try await operations.database.pool.query(
            "SELECT to_jsonb(k)::text AS value FROM qkron.api_keys k"
        ).map { try $0.decode("value") }
        let logged: [String] = try await operations.database.pool.query(
            "SELECT to_jsonb(a)::text AS value FROM qkron.audit a"
        ).map { try $0.decode("value") }
        #expect(!(stored + logged).contains { $0.contains(secret.dropFirst(8)) })
        for wrong in ["", "qk_", secret + "x", String(secret.dropLast()), secret.uppercased()] {
            await expectRefused(.invalidAPIKey) { try await keys.holder(of: wrong) }
        }
    }

    @Test func `a use is noted once a minute`() async throws {
        let operations = try await TestOperations()
        let (keys, pool) = (operations.apiKeys, operations.database.pool)
        let (_, secret) = try await keys.create(key(), as: Caller(operations.alice))
        func used() async throws -> Date? {
            try await keys.list(ownedBy: nil, .slice(skip: 0, limit: 1), as: Caller(operations.alice)).rows[0]
                .lastUsedAt
        }
        _ = try await keys.holder(of: secret)
        let first = try #require(try await used())
        _ = try await operations.keysOfAnotherServer().holder(of: secret)
        #expect(try await used() == first)
        try await pool.execute("UPDATE qkron.api_keys SET last_used_at = last_used_at - interval '61 seconds'")
        _ = try await operations.keysOfAnotherServer().holder(of: secret)
        #expect(try #require(try await used()) > first)
    }

    @Test func `expired, revoked and unknown keys, and those of a disabled owner, are refused alike`() async throws {
        let operations = try await TestOperations()
        let (keys, alice, bob) = (operations.apiKeys, Caller(operations.alice), Caller(operations.bob))
        let now = try await operations.database.store.now()
        #expect(await faults { try await keys.create(key(expiresAt: now), as: alice) } == ["expires_at: value_error"])
        let (made, secret) = try await keys.create(key(expiresAt: now.addingTimeInterval(600)), as: alice)
        _ = try await keys.holder(of: secret)
        await expectRefused(.notOwner) { try await keys.revoke(made.id, as: bob) }
        await expectRefused(.notFound) { try await keys.revoke(Identifier(), as: bob) }
        try await keys.revoke(made.id, as: alice)
        await expectRefused(.invalidAPIKey) { try await keys.holder(of: secret) }
        try await keys.revoke(made.id, as: alice)

        let (_, expiring) = try await keys.create(key(), as: alice)
        try await operations.database.pool.execute("UPDATE qkron.api_keys SET expires_at = clock_timestamp()")
        await expectRefused(.invalidAPIKey) { try await keys.holder(of: expiring) }

        let (_, third) = try await keys.create(key(), as: alice)
        _ = try await keys.holder(of: third)
        try await operations.users.setActive(false, username: "alice")
        await expectRefused(.invalidAPIKey) { try await keys.holder(of: third) }
        try await operations.users.setActive(true, username: "alice")
        _ = try await keys.holder(of: third)
    }

    @Test func `a key is its owner's role at the time of the call`() async throws {
        let operations = try await TestOperations()
        let (keys, users) = (operations.apiKeys, operations.users)
        let (_, secret) = try await keys.create(key(), as: Caller(operations.root))
        _ = try await operations.database.addUser("second", role: .superuser)
        #expect(try await keys.holder(of: secret).isSuperuser)
        try await users.setRole(.viewer, of: "root")
        #expect(try await keys.holder(of: secret).account?.role == .viewer)
    }

    @Test func `lists are one's own, and superusers ask for others'`() async throws {
        let operations = try await TestOperations()
        let (keys, alice, bob, root) = (operations.apiKeys, operations.alice, operations.bob, operations.root)
        var made: [Identifier<APIKey>] = []
        for _ in 0..<3 { made.insert(try await keys.create(key(), as: Caller(alice)).key.id, at: 0) }
        func list(_ owner: User?, as caller: User) async throws -> [Identifier<APIKey>] {
            try await keys.list(ownedBy: owner?.id, .page(number: 1, size: 9), as: Caller(caller)).rows.map(\.id)
        }
        #expect(try await list(nil, as: alice) == made)
        #expect(try await list(alice, as: bob) == [])
        #expect(try await list(alice, as: root) == made)
        #expect(try await list(nil, as: root) == [])
        try await keys.revoke(made[0], as: Caller(root))
        await expectRefused(.forbidden) { try await keys.create(key([.queue]), as: Caller(alice)) }
        _ = try await keys.create(key([.queue]), as: Caller(root))
    }

    @Test func `the service key owns what it made, and sees nothing else`() async throws {
        let operations = try await TestOperations(commandRoles: [.user, .service])
        let (tasks, keys) = (operations.tasks, operations.apiKeys)
        #expect(try await keys.holder(of: TestOperations.serviceKey) == .service)
        let service = Caller(.service)
        let own = try await tasks.create(operations.draft(), as: service)
        #expect(own.ownerID == nil && own.ownerUsername == "service" && own.nextRun != nil)
        let theirs = try await operations.make()
        let seen = try await tasks.list(TaskFilter(), .page(number: 1, size: 9), as: service)
        #expect(seen.rows == [try await tasks.find(own.id, as: service)])
        await expectRefused(.notOwner) { try await tasks.find(theirs.id, as: service) }
        await expectRefused(.notOwner) { try await tasks.find(own.id, as: Caller(operations.alice)) }
        try await tasks.pause(own.id, as: service)
        try await tasks.resume(own.id, as: service)
        #expect(try await tasks.find(own.id, as: service).nextRun != nil)
        _ = try await tasks.execute(own.id, as: service)
        await expectRefused(.roleRequired) { try await keys.create(key(), as: service) }
        await expectRefused(.roleRequired) {
            try await operations.audit.list(AuditFilter(), .slice(skip: 0, limit: 1), as: service)
        }
        let all = try await tasks.list(TaskFilter(), .page(number: 1, size: 9), as: Caller(operations.root))
        #expect(all.total == 2)
        try await operations.database.pool.execute(
            "UPDATE qkron.tasks SET next_run = clock_timestamp() WHERE owner_id IS NULL")
        let due = try await operations.database.database.transaction { try await $0.dueTasks(limit: 9) }
        #expect(due.map(\.id) == [own.id] && due.first?.ownerRole == nil && due.first?.ownerIsActive == true)
        try await tasks.delete(own.id, as: service)

        let closed = try await TestOperations()
        await expectRefused(.roleRequired) { try await closed.tasks.create(closed.draft(), as: service) }
    }

    @Test func `the audit log tells of a key what has changed, and no more`() async throws {
        let operations = try await TestOperations()
        let (keys, caller) = (operations.apiKeys, Caller(operations.alice))
        let made = try await keys.create(NewKey(name: "k", scopes: [.readTasks], expiresAt: nil), as: caller).key
        try await keys.revoke(made.id, as: caller)
        let listing = try await keys.list(ownedBy: nil, .page(number: 1, size: 9), as: caller)
        let revokedAt = try #require(listing.rows.first?.revokedAt)
        let told = try await operations.audit.list(
            AuditFilter(), .page(number: 1, size: 9), as: Caller(operations.root)
        ).rows
        #expect(told.map(\.entry.action) == ["api_key.revoke", "api_key.create"])
        #expect(told[0].entry.changes == ["revoked_at": ["from": .null, "to": .string(ISO8601.format(revokedAt))]])
        #expect(
            told[1].entry.changes == [
                "name": ["from": .null, "to": "k"], "scopes": ["from": .null, "to": ["tasks:read"]],
            ])
    }
}
