import Credentials
import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Operations
@testable import Storage

@Suite struct SecretTests {
    private let box = Result { try SecretBox(key: Array(repeating: 8, count: 32)) }

    private func secrets(of task: TaskDefinition) throws -> [String: String] {
        let box = try box.get()
        return try Dictionary(
            uniqueKeysWithValues: task.action.sealed.map { name, sealed in
                (name.text, try box.open(sealed, of: task.id, named: name.text))
            })
    }

    private func secretTask(_ operations: TestOperations) async throws -> TaskDefinition {
        try await operations.make {
            $0.parameters["env"] = ["TOKEN": "hunter2hunter2", "PLAIN": "x"]
            $0.parameters["secret_env"] = ["TOKEN"]
        }
    }

    @Test func `a secret is stored sealed, and is nowhere in the row as it was sent`() async throws {
        let operations = try await TestOperations()
        let task = try await secretTask(operations)
        #expect(task.action.parameters["env"] == ["TOKEN": nil, "PLAIN": "x"])
        #expect(task.action.parameters["secret_env"] == ["TOKEN"])
        #expect(try secrets(of: task) == ["TOKEN": "hunter2hunter2"])
        let row: String = try await operations.database.pool.query(
            "SELECT t::text AS value FROM qkron.tasks t WHERE id = \(task.id.uuid)"
        )[0].decode("value")
        #expect(!row.contains("hunter2") && row.contains("v1."))
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.root)).action == task.action)
    }

    @Test func `null keeps a stored value, a new one replaces it, and what is left out is gone`() async throws {
        let operations = try await TestOperations()
        let task = try await secretTask(operations)
        let kept = try await operations.change(task) {
            $0.parameters["env"] = ["TOKEN": nil, "PLAIN": "y"]
        }
        #expect(
            kept.action.sealed == task.action.sealed && kept.action.parameters["env"] == ["TOKEN": nil, "PLAIN": "y"])
        let renamed = try await operations.change(task) { $0.name = .value("other") }
        #expect(renamed.action.sealed == task.action.sealed)
        let same = try await operations.change(task) {
            $0.parameters["env"] = ["TOKEN": "hunter2hunter2", "PLAIN": "y"]
        }
        #expect(same == renamed)
        let replaced = try await operations.change(task) { $0.parameters["env"] = ["TOKEN": "another one"] }
        #expect(try secrets(of: replaced) == ["TOKEN": "another one"])
        let more = try await operations.change(task) {
            $0.parameters["env"] = ["TOKEN": nil, "PLAIN": "now secret"]
            $0.parameters["secret_env"] = ["PLAIN", "TOKEN"]
        }
        #expect(try secrets(of: more) == ["TOKEN": "another one", "PLAIN": "now secret"])
        let gone = try await operations.change(task) { $0.parameters["env"] = ["PLAIN": nil] }
        #expect(gone.action.parameters["secret_env"] == ["PLAIN"])
        #expect(try secrets(of: gone) == ["PLAIN": "now secret"])
        let open = try await operations.change(task) {
            $0.parameters["env"] = ["PLAIN": "seen by all"]
            $0.parameters["secret_env"] = []
        }
        #expect(open.action.sealed.isEmpty && open.action.parameters["env"] == ["PLAIN": "seen by all"])
    }

    @Test func `a plain value becomes secret where only the list is sent`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.parameters["env"] = ["A": "value of A"] }
        let secret = try await operations.change(task) { $0.parameters["secret_env"] = ["A"] }
        #expect(try secrets(of: secret) == ["A": "value of A"] && secret.action.parameters["env"] == ["A": nil])
    }

    @Test func `a stored secret never becomes readable`() async throws {
        let operations = try await TestOperations()
        let task = try await secretTask(operations)
        func refused(_ change: @escaping (inout TaskDraft) -> Void) async -> [String] {
            await faults { try await operations.change(task, change) }
        }
        #expect(await refused { $0.parameters["secret_env"] = [] } == ["env.TOKEN: string_type"])
        #expect(
            await refused {
                $0.parameters["secret_env"] = []
                $0.parameters["env"] = ["TOKEN": nil]
            } == ["env.TOKEN: string_type"])
        #expect(await refused { $0.parameters["secret_env"] = ["OTHER", "TOKEN"] } == ["secret_env.0: value_error"])
        #expect(await refused { $0.parameters["env"] = ["TOKEN": nil, "OTHER": nil] } == ["env.OTHER: string_type"])
        #expect(
            await refused {
                $0.parameters["env"] = ["OTHER": nil]
                $0.parameters["secret_env"] = ["OTHER"]
            } == ["env.OTHER: missing"])
        #expect(
            await faults {
                try await operations.make {
                    $0.parameters["env"] = ["A": nil]
                    $0.parameters["secret_env"] = ["A"]
                }
            } == ["env.A: missing"])
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.alice)) == task)
    }

    @Test func `sealed values count among the 64 KiB of an environment`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make {
            $0.parameters["env"] = ["A": .string(String(repeating: "a", count: 40_000))]
            $0.parameters["secret_env"] = ["A"]
        }
        let more = JSONValue.string(String(repeating: "b", count: 25_600))
        #expect(
            await faults { try await operations.change(task) { $0.parameters["env"] = ["A": nil, "B": more] } }
                == ["env: too_long"])
    }

    @Test func `rotation seals every value anew, once, and tells of what it cannot open`() async throws {
        let operations = try await TestOperations()
        var tasks: [TaskDefinition] = []
        for _ in 0..<3 { tasks.append(try await secretTask(operations)) }
        let plain = try await operations.make()
        let new = try SecretBox(key: Array(repeating: 9, count: 32), previous: Array(repeating: 8, count: 32))
        let rotation = SecretOperations(database: operations.database.database, secrets: new, batch: 2)
        #expect(try await rotation.rotate(as: Caller(.console)) == .init(resealed: 3, lost: 0))
        for task in tasks {
            let after = try await operations.tasks.find(task.id, as: Caller(operations.alice))
            let sealed = try #require(after.action.sealed["TOKEN"])
            #expect(new.isCurrent(sealed) && after.updatedAt == task.updatedAt)
            #expect(try new.open(sealed, of: task.id, named: "TOKEN") == "hunter2hunter2")
        }
        #expect(try await operations.tasks.find(plain.id, as: Caller(operations.alice)) == plain)
        #expect(try await rotation.rotate(as: Caller(.console)) == .init())
        let stranger = try SecretBox(key: Array(repeating: 7, count: 32))
        let lost = SecretOperations(database: operations.database.database, secrets: stranger)
        #expect(try await lost.rotate(as: Caller(.console)) == .init(resealed: 0, lost: 3))
        let told = try await operations.database.pool.query(
            """
            SELECT changes #>> '{resealed,to}' AS value FROM qkron.audit
            WHERE action = 'secrets.rotate' AND actor_type = 'console' ORDER BY at
            """
        ).map { try $0.decode("value", as: String.self) }
        #expect(told == ["2", "1"], "one row a batch that sealed anything, and none for what changed nothing")
    }
}
