import Domain

/// A run that somebody asks for.
struct RunRequest: Sendable {
    /// How it is asked for.
    enum Origin: Sendable {
        case execute, webhook
        case rerun(of: Identifier<Execution>)

        /// The execution that is to be repeated.
        var repeated: Identifier<Execution>? {
            guard case .rerun(let execution) = self else { return nil }
            return execution
        }

        var trigger: Trigger {
            switch self {
            case .execute, .rerun: .manual
            case .webhook: .webhook
            }
        }
    }

    let task: Identifier<TaskDefinition>
    let origin: Origin
    /// Whoever asks, as the audit log names them.
    let caller: Caller
    /// Whose rights count: whoever knows a task's secret has those of its owner.
    let rights: Caller

    init(
        of task: Identifier<TaskDefinition>, _ origin: Origin, as caller: Caller, withRightsOf rights: Caller? = nil
    ) {
        self.task = task
        self.origin = origin
        self.caller = caller
        self.rights = rights ?? caller
    }

    /// What the audit log tells of a run that was recorded.
    func entry(making execution: Identifier<Execution>) -> AuditEntry {
        let changes: [TextKey: JSONValue] = [
            "execution_id": AuditEntry.change(from: nil, to: .string(execution.description))
        ]
        return switch origin {
        case .execute: AuditEntry("task.execute", "task", task, changes: changes)
        case .webhook: AuditEntry("task.trigger", "task", task, changes: changes)
        case .rerun(let repeated): AuditEntry("execution.rerun", "execution", repeated, changes: changes)
        }
    }
}
