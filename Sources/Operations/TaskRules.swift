import Actions
import Credentials
import Domain
import Foundation
import Scheduling

/// What a task must be to be stored: the rules that need no database.
package struct TaskRules: Sendable {
    let catalog: ActionCatalog
    let secrets: SecretBox
    let commandRoles: Set<CommandRole>
    private let retryDelay: Int
    private let egress: EgressGuard

    /// Rules of an installation.
    ///
    /// - Parameters:
    ///   - commandRoles: who may make and run command tasks.
    ///   - retryDelay: the default of `retry_delay`, seconds.
    ///   - secrets: seals what is secret in tasks.
    ///   - egress: where callbacks may go.
    package init(
        catalog: ActionCatalog, commandRoles: Set<CommandRole>, retryDelay: Int, secrets: SecretBox, egress: EgressGuard
    ) {
        self.catalog = catalog
        self.secrets = secrets
        self.egress = egress
        self.commandRoles = commandRoles
        self.retryDelay = retryDelay
    }

    /// - Returns: whose a task is that the caller makes.
    /// - Throws: `roleRequired`.
    @discardableResult
    func checkMayMake(_ kind: ActionKind, as caller: Caller) throws -> TaskOwner {
        guard let owner = caller.principal.taskOwner else { throw OperationError.loginNeeded }
        let role = caller.principal.account?.role
        guard role != .viewer else { throw OperationError.viewerMayNot }
        guard commandRoles.mayRun(kind, ofOwner: role) else {
            throw OperationError.refused(.roleRequired, "Your role may not make or run command tasks here.")
        }
        return owner
    }

    /// - Parameter owner: the account as it stands; nil if it is gone.
    /// - Throws: `tokenRevoked`, `accountInactive` or `roleRequired`.
    func checkMayOwn(_ task: TaskDefinition, _ owner: User?) throws {
        guard let owner else { throw OperationError.revoked }
        guard owner.isActive else { throw OperationError.inactive }
        try checkMayMake(task.action.kind, as: Caller(owner))
    }

    /// Everything wrong with a draft of a new task that can be told without the database; nothing if there is none.
    package func faults(ofNew draft: TaskDraft, at now: Date) -> [InputFault] {
        do {
            _ = try newTask(draft, owner: .service, at: now)
            return []
        } catch OperationError.invalid(let faults) {
            return faults
        } catch {
            return [InputFault([], "\(error)")]
        }
    }

    /// The task that a draft asks for, with its first slot.
    func newTask(_ draft: TaskDraft, owner: TaskOwner, at now: Date) throws -> TaskDefinition {
        var faults = draft.faults + callbackFaults(of: draft)
        let kind = draft.kind.or(.command)
        let id = Identifier<TaskDefinition>()
        let action = collect(&faults) { () throws(InputFaults) in
            let parameters = draft.parameters.filter { $0.value != .null }
            return try sealed(try catalog.accept(Action(kind: kind, parameters: parameters)), of: id)
        }
        if !draft.name.isSent { faults.append(InputFault(["name"], "a task needs a name", type: "missing")) }
        if !draft.schedule.isSent {
            faults.append(InputFault(["schedule"], "a command task needs a schedule", type: "missing"))
        }
        let timing = collect(&faults) { () throws(InputFaults) in try newTiming(draft, at: now) }
        guard faults.isEmpty, let action, case .some(.some(let timing)) = timing else {
            throw OperationError.invalid(faults.firstOfEachPlace)
        }
        let isActive = draft.isActive.or(true)
        return TaskDefinition(
            id: id, ownerID: owner.id, ownerUsername: owner.username, name: draft.name.or(""),
            description: draft.description.or(nil), action: action, timing: timing,
            misfirePolicy: draft.misfirePolicy.or(.fireOnce), misfireGrace: draft.misfireGrace.or(60),
            jitter: draft.jitter.or(0),
            overlapPolicy: draft.overlapPolicy.or(.skip), timeout: draft.timeout.or(300),
            retryPolicy: RetryPolicy(
                maxRetries: draft.maxRetries.or(3), delay: draft.retryDelay.or(retryDelay),
                backoff: draft.retryBackoff.or(.fixed)),
            priority: draft.priority.or(5), requires: draft.requires.or([]), tags: draft.tags.or([]),
            metadata: draft.metadata.or(nil), dependencies: draft.dependencies.or(nil)?.eachOnce,
            callbackURL: draft.callbackURL.or(nil)?.text, isActive: isActive, status: .pending, retryCount: 0,
            nextRun: isActive ? try firstSlot(of: timing, isNew: true, at: now) : nil, lastRun: nil, createdAt: now,
            updatedAt: now)
    }

    /// What a draft says of a callback that no request may go to. A name is looked up when there is something to send.
    func callbackFaults(of draft: TaskDraft) -> [InputFault] {
        guard let url = draft.callbackURL.or(nil), egress.refuses(url) else { return [] }
        return [
            InputFault(
                ["callback_url"],
                "is an address that requests of the server may not go to, unless EGRESS_ALLOW names it",
                type: "egress_refused")
        ]
    }

    /// What `body` makes, or nil with its faults added to those found before.
    @discardableResult
    func collect<Value>(
        _ faults: inout [InputFault], _ body: () throws(InputFaults) -> Value
    ) -> Value? {
        do {
            return try body()
        } catch {
            faults += error.faults
            return nil
        }
    }
}
