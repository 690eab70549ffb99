import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct WebhookTests {
    private let nobody = Caller(.anonymous, address: "192.0.2.1", requestID: "r1")

    @Test func `whoever knows a task's secret starts it, until there is another one`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice) = (operations.tasks, Caller(operations.alice))
        let task = try await operations.make()
        await expectRefused(.invalidWebhookToken) { try await tasks.trigger(task.id, knowing: [""], as: nobody) }
        let secret = try await tasks.makeWebhookSecret(for: task.id, as: alice)
        #expect(secret.utf8.count == 43)
        let execution = try await operations.database.execution(
            try await tasks.trigger(task.id, knowing: ["wrong", secret], as: nobody))
        #expect(execution.trigger == .webhook && execution.status == .pending)
        let next = try await tasks.makeWebhookSecret(for: task.id, as: alice)
        #expect(next != secret)
        await expectRefused(.invalidWebhookToken) { try await tasks.trigger(task.id, knowing: [secret], as: nobody) }
        _ = try await tasks.trigger(task.id, knowing: [next], as: nobody)
        let audit = try await operations.database.pool.query(
            "SELECT action || ' ' || actor_type || coalesce(':' || ip, '') || ' ' || actor_name || ' ' || (changes::text ~ '\\*\\*\\*') AS line FROM qkron.audit ORDER BY id"
        ).map { try $0.decode("line", as: String.self) }
        #expect(
            audit.filter { !$0.hasPrefix("task.create") } == [
                "task.webhook_token user alice true", "task.trigger system:192.0.2.1 webhook false",
                "task.webhook_token user alice true",
                "task.trigger system:192.0.2.1 webhook false",
            ])
        let stored: String = try await operations.database.pool.value("SELECT t::text AS value FROM qkron.tasks t")
        #expect(!stored.contains(next))
    }

    @Test func `the secret of one task opens no other, and an unknown id is told as a wrong secret is`() async throws {
        let operations = try await TestOperations()
        let (tasks, alice, bob) = (operations.tasks, Caller(operations.alice), Caller(operations.bob))
        let task = try await operations.make()
        let other = try await operations.make()
        let secret = try await tasks.makeWebhookSecret(for: task.id, as: alice)
        for id in [other.id, Identifier()] {
            await expectRefused(.invalidWebhookToken) { try await tasks.trigger(id, knowing: [secret], as: nobody) }
        }
        await expectRefused(.invalidWebhookToken) { try await tasks.trigger(task.id, knowing: [], as: nobody) }
        await expectRefused(.notOwner) { try await tasks.trigger(task.id, knowing: [], as: bob) }
        await expectRefused(.notFound) { try await tasks.trigger(Identifier(), knowing: [], as: bob) }
        await expectRefused(.notOwner) { try await tasks.makeWebhookSecret(for: task.id, as: bob) }
        _ = try await tasks.trigger(task.id, knowing: [secret], as: bob)
        _ = try await tasks.trigger(task.id, knowing: [], as: alice)
        _ = try await tasks.trigger(task.id, knowing: ["wrong"], as: Caller(operations.root))
        #expect(try await operations.database.executions(of: task).map(\.trigger) == [.webhook, .webhook, .webhook])
    }

    @Test func `a key starts what its owner may start now`() async throws {
        let operations = try await TestOperations()
        let (tasks, keys, alice) = (operations.tasks, operations.apiKeys, Caller(operations.alice))
        let task = try await operations.make()
        let secret = try await keys.create(NewKey(name: "k", scopes: [.executeTasks], expiresAt: nil), as: alice).secret
        func trigger(_ id: Identifier<TaskDefinition>) async throws -> Identifier<Execution> {
            try await tasks.trigger(id, knowing: [], as: Caller(try await keys.holder(of: secret)))
        }
        _ = try await trigger(task.id)
        let foreign = try await tasks.create(operations.draft(), as: Caller(operations.bob))
        await expectRefused(.notOwner) { try await trigger(foreign.id) }
        try await operations.users.setRole(.viewer, of: "alice")
        await expectRefused(.roleRequired) { try await trigger(task.id) }
        try await operations.users.setActive(false, username: "alice")
        await expectRefused(.invalidAPIKey) { try await trigger(task.id) }
    }

    @Test func `a secret gives no more than its task's owner may`() async throws {
        let operations = try await TestOperations(commandRoles: [.superuser])
        let database = operations.database
        let task = try await database.addTask(owner: operations.alice)
        let secret = try await operations.tasks.makeWebhookSecret(for: task.id, as: Caller(operations.alice))
        await expectRefused(.roleRequired) {
            try await operations.tasks.trigger(task.id, knowing: [secret], as: nobody)
        }
        try await database.pool.execute("UPDATE qkron.users SET is_active = false WHERE username = 'alice'")
        await expectRefused(.accountInactive) {
            try await operations.tasks.trigger(task.id, knowing: [secret], as: nobody)
        }
    }
}
