/// Everything that may be asked over HTTP.
package struct OperationSet: Sendable {
    package let tasks: TaskOperations
    package let executions: ExecutionOperations
    package let nodes: NodeOperations
    package let sessions: SessionOperations
    package let health: HealthOperations

    /// The operations of a server.
    package init(
        tasks: TaskOperations, executions: ExecutionOperations, nodes: NodeOperations, sessions: SessionOperations,
        health: HealthOperations
    ) {
        self.tasks = tasks
        self.executions = executions
        self.nodes = nodes
        self.sessions = sessions
        self.health = health
    }
}
