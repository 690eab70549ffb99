import Actions
import Credentials
import Domain
import Foundation
import Postgres
import Scheduling
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Operations

/// The operations of a server on a database of their own, and three people who use them.
struct TestOperations {
    static let serviceKey = "the service's own key"
    private static let hasher = Result { try PasswordHasher(cost: 1, threads: 2) }
    let database: TestDatabase
    let announcer: Announcer
    /// What was told of waiting executions that were cancelled.
    let cancelled = CancelledRuns()
    let tasks: TaskOperations
    let executions: ExecutionOperations
    let slots: SlotOperations
    let scheduler: SchedulerOperations
    let nodes: NodeOperations
    let sessions: SessionOperations
    let users: UserOperations
    let apiKeys: APIKeyOperations
    let audit: AuditOperations
    let alice: User
    let bob: User
    let root: User

    init(
        commandRoles: Set<CommandRole> = [.user, .superuser], allowedCommands: Set<String> = [],
        registrationIsOpen: Bool = true
    ) async throws {
        database = try await TestDatabase.make()
        announcer = Announcer(database: database.database)
        let runner = CommandRunner(
            executor: nil, policy: CommandPolicy(allowedFirstWords: allowedCommands, path: "/bin"),
            killGrace: .seconds(1))
        tasks = TaskOperations(
            database: database.database, announcer: announcer,
            rules: TaskRules(
                catalog: ActionCatalog([runner]), commandRoles: commandRoles, retryDelay: 60,
                secrets: try SecretBox(key: Array(repeating: 8, count: 32)), egress: EgressGuard()),
            onCancelled: cancelled.add)
        executions = ExecutionOperations(
            database: database.database, announcer: announcer, onCancelled: cancelled.add)
        slots = SlotOperations(database: database.database)
        scheduler = SchedulerOperations(database: database.database, announcer: announcer)
        nodes = NodeOperations(database: database.database, announcer: announcer)
        let remembered = RememberedCallers()
        let accounts = AccountRules(hasher: try Self.hasher.get())
        sessions = SessionOperations(
            database: database.database, accounts: accounts,
            signer: try TokenSigner(
                secret: Array(repeating: 7, count: 32), issuer: "qkron", audience: "qkron"),
            tokenLifetime: 600, registrationIsOpen: registrationIsOpen, remembered: remembered)
        users = UserOperations(
            database: database.database, accounts: accounts, commandRoles: commandRoles, remembered: remembered)
        apiKeys = APIKeyOperations(
            database: database.database, serviceKeyHash: SHA256.digest(of: Self.serviceKey), remembered: remembered)
        audit = AuditOperations(database: database.database)
        alice = try await database.addUser("alice")
        bob = try await database.addUser("bob")
        root = try await database.addUser("root", role: .superuser)
    }

    /// The keys as another server of the database sees them.
    func keysOfAnotherServer() -> APIKeyOperations {
        APIKeyOperations(database: database.database, serviceKeyHash: nil, remembered: RememberedCallers())
    }

    /// A task of alice's, as a caller sends it.
    func draft(_ change: (inout TaskDraft) -> Void = { _ in }) -> TaskDraft {
        var draft = TaskDraft()
        draft.name = .value("sample")
        draft.parameters = ["command": .string("true")]
        draft.schedule = .value("0 4 * * *")
        change(&draft)
        return draft
    }

    /// Makes a task of alice's.
    func make(_ change: (inout TaskDraft) -> Void = { _ in }) async throws -> TaskDefinition {
        try await tasks.create(draft(change), as: Caller(alice))
    }

    /// Changes a task as alice.
    func change(_ task: TaskDefinition, _ change: (inout TaskDraft) -> Void) async throws -> TaskDefinition {
        var draft = TaskDraft()
        change(&draft)
        return try await tasks.update(task.id, with: draft, as: Caller(alice))
    }

    /// The history of a task's schedules, oldest first.
    func history(_ task: TaskDefinition) async throws -> [PostgresRow] {
        try await database.pool.query(
            """
            SELECT schedule, is_active, owner_is_active, valid_from, valid_until
            FROM qkron.task_schedules WHERE task_id = \(task.id.uuid) ORDER BY id
            """)
    }
}

extension TaskOperations {
    /// Checks a change and makes it, as a request does.
    func update(
        _ id: Identifier<TaskDefinition>, with draft: TaskDraft, as caller: Caller
    ) async throws -> TaskDefinition {
        let change: CheckedChange
        do {
            change = try check(change: draft)
        } catch {
            throw OperationError.invalid(error.faults)
        }
        return try await update(id, with: change, as: caller)
    }
}

/// Adds up how many waiting executions were cancelled.
final class CancelledRuns: Sendable {
    private let count = Atomic(0)

    /// So many until now.
    var total: Int { count.load(ordering: .sequentiallyConsistent) }

    func add(_ ended: [ActionKind: Int]) {
        count.add(ended.values.reduce(0, +), ordering: .sequentiallyConsistent)
    }
}

/// Expects an operation to be refused for this reason.
func expectRefused(
    _ refusal: OperationError.Refusal, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async {
    do {
        _ = try await body()
        Issue.record("it was not refused", sourceLocation: sourceLocation)
    } catch OperationError.refused(let found, _) {
        #expect(found == refusal, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

/// The faults of an operation that is expected to find some, as `place: type`.
func faults(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async -> [String] {
    do {
        _ = try await body()
        Issue.record("nothing was found wrong", sourceLocation: sourceLocation)
    } catch OperationError.invalid(let faults) {
        return faults.map { fault in
            let place = fault.place.map { step in
                switch step {
                case .key(let key): key
                case .index(let index): "\(index)"
                }
            }
            return place.joined(separator: ".") + ": " + fault.type
        }
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return []
}
