import Actions
import Credentials
import Declarations
import Domain
import Foundation
import Operations
import Server

extension TaskJudge {
    /// Judges by the code that a server of this version judges by. What only an installation can tell (its
    /// `ALLOWED_COMMANDS` and `EGRESS_ALLOW`, the caller's role) stays open.
    static func server() throws -> TaskJudge {
        let policy = CommandPolicy(allowedFirstWords: [], path: "")
        let runner = CommandRunner(executor: nil, policy: policy, killGrace: .zero)
        // Nothing that is sealed here is kept.
        let box = try SecretBox(key: [UInt8](repeating: 0, count: SecretBox.keyLength))
        let rules = TaskRules(
            catalog: ActionCatalog([runner]), commandRoles: [], retryDelay: 60, secrets: box, egress: .open)
        return TaskJudge(
            byThemselves: { rules.faults(ofChange: TaskDraft(creating: $0)) },
            ofNew: { rules.faults(ofNew: TaskDraft(creating: $0), at: Date()) })
    }
}
