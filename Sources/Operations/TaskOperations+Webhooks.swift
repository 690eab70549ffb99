import Credentials
import Domain
import Storage

extension TaskOperations {
    /// Gives a task a new secret, which starts it by webhook; the one before ends with this.
    ///
    /// - Returns: the secret, which nobody is shown again.
    /// - Throws: `notFound`, `notOwner`.
    package func makeWebhookSecret(for id: Identifier<TaskDefinition>, as caller: Caller) async throws -> String {
        let secret = WebhookSecret()
        try await database.transaction { store in
            _ = try await store.lockedTask(id, changeableBy: caller)
            let isFirst = try await store.webhookTarget(id)?.hash == nil
            try await store.setWebhookHash(secret.hash, of: id)
            let change = AuditEntry.change(from: isFirst ? .null : .masked, to: .masked)
            try await store.record(
                AuditEntry("task.webhook_token", "task", id, changes: ["webhook_token": change]), by: caller)
        }
        return secret.text
    }
}

extension Store {
    /// Whoever owns the task, for a caller who knows its secret; nil for one who does not yet is somebody.
    ///
    /// - Throws: `invalidWebhookToken`, also where there is no such task; `accountInactive` where the owner is
    /// disabled.
    func ownerOfWebhook(
        _ id: Identifier<TaskDefinition>, knowing secrets: [String], as caller: Caller
    ) async throws -> Caller? {
        let target = try await webhookTarget(id)
        // Each is looked at, whatever the others are.
        let right = secrets.map { WebhookSecret.isRight($0, hash: target?.hash) }.count { $0 }
        guard right > 0, let target else {
            guard caller.principal != .anonymous else {
                throw OperationError.refused(.invalidWebhookToken, "The webhook token is missing or not valid.")
            }
            return nil
        }
        if target.owner?.isActive == false {
            throw OperationError.refused(.accountInactive, "The account that owns this task is disabled.")
        }
        return Caller(target.owner.map(Principal.user) ?? .service)
    }
}
