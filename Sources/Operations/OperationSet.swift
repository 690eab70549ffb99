/// Everything that may be asked over HTTP.
package struct OperationSet: Sendable {
    package let tasks: TaskOperations
    package let executions: ExecutionOperations
    package let slots: SlotOperations
    package let scheduler: SchedulerOperations
    package let nodes: NodeOperations
    package let sessions: SessionOperations
    package let users: UserOperations
    package let apiKeys: APIKeyOperations
    package let audit: AuditOperations
    package let health: HealthOperations

    /// The operations of a server.
    package init(
        tasks: TaskOperations, executions: ExecutionOperations, slots: SlotOperations, scheduler: SchedulerOperations,
        nodes: NodeOperations, sessions: SessionOperations, users: UserOperations, apiKeys: APIKeyOperations,
        audit: AuditOperations, health: HealthOperations
    ) {
        self.tasks = tasks
        self.executions = executions
        self.slots = slots
        self.scheduler = scheduler
        self.nodes = nodes
        self.sessions = sessions
        self.users = users
        self.apiKeys = apiKeys
        self.audit = audit
        self.health = health
    }
}
