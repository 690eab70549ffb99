import Actions
import Credentials
import Domain
import Logging
import Operations
import Postgres
import Storage

extension OperationSet {
    /// The operations of a server whose database nobody ever asks: for what routes declare, not for what they do.
    static func unconnected() throws -> OperationSet {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = Database(
            PostgresPool(PostgresConfiguration(url: "postgresql:///none", poolSize: 1), logger: logger))
        let announcer = Announcer(database: database)
        let accounts = AccountRules(hasher: try PasswordHasher(cost: 1, threads: 1))
        let remembered = RememberedCallers()
        return OperationSet(
            tasks: TaskOperations(
                database: database, announcer: announcer,
                rules: TaskRules(
                    catalog: ActionCatalog([]), commandRoles: [], retryDelay: 60,
                    secrets: try SecretBox(key: Array(repeating: 8, count: 32)), egress: EgressGuard()),
                onCancelled: { _ in }),
            executions: ExecutionOperations(database: database, announcer: announcer, onCancelled: { _ in }),
            slots: SlotOperations(database: database),
            scheduler: SchedulerOperations(database: database, announcer: announcer),
            nodes: NodeOperations(database: database, announcer: announcer),
            sessions: SessionOperations(
                database: database, accounts: accounts,
                signer: try TokenSigner(
                    secret: Array(repeating: 7, count: 32), issuer: "qkron", audience: "qkron"),
                tokenLifetime: 60, registrationIsOpen: false, remembered: remembered),
            users: UserOperations(
                database: database, accounts: accounts, commandRoles: [], remembered: remembered),
            apiKeys: APIKeyOperations(database: database, serviceKeyHash: nil, remembered: remembered),
            audit: AuditOperations(database: database),
            health: HealthOperations(
                probe: DatabaseProbe(database: database), parts: ServerParts { (.disabled, .disabled) }))
    }
}
