import Credentials
import Domain
import Storage

/// What may be asked of stored secrets, at the console.
package struct SecretOperations: Sendable {
    /// How many values were sealed anew, and how many cannot be opened and stay as they are.
    package struct Rotation: Sendable, Equatable {
        /// Sealed under the present key now.
        package var resealed = 0
        /// Sealed under a key that is not at hand, or damaged.
        package var lost = 0

        /// So many of each.
        package init(resealed: Int = 0, lost: Int = 0) {
            self.resealed = resealed
            self.lost = lost
        }

        /// What the audit log tells of it.
        fileprivate var entry: AuditEntry {
            let told: [TextKey: JSONValue] = ["resealed": AuditEntry.change(from: 0, to: .integer(resealed))]
            return AuditEntry("secrets.rotate", "secrets", id: nil, changes: told)
        }
    }

    private let database: Database
    private let secrets: SecretBox
    private let batch: Int

    /// Operations on the secrets of `database`, which `secrets` opens.
    ///
    /// - Parameter batch: tasks in one transaction: few enough that nobody waits long for one of them.
    package init(database: Database, secrets: SecretBox, batch: Int = 200) {
        self.database = database
        self.batch = batch
        self.secrets = secrets
    }

    /// Seals every value under the present key that is sealed under another. Servers that have both keys go on
    /// meanwhile.
    package func rotate(as caller: Caller) async throws -> Rotation {
        var rotation = Rotation()
        var last: Identifier<TaskDefinition>?
        repeat {
            let before = last
            let (next, part) = try await database.transaction { store in
                let tasks = try await store.lockSealed(after: before, limit: batch)
                var part = Rotation()
                let changes = tasks.compactMap { task, sealed in
                    reseal(sealed, of: task, &part).map { (task: task, sealed: $0) }
                }
                try await store.replaceSealed(changes)
                if part.resealed > 0 { try await store.record(part.entry, by: caller) }
                return (tasks.last?.task, part)
            }
            last = next
            rotation.resealed += part.resealed
            rotation.lost += part.lost
        } while last != nil
        return rotation
    }

    /// The values of a task as they are to be; nil where none changes.
    private func reseal(
        _ sealed: [TextKey: String], of task: Identifier<TaskDefinition>, _ rotation: inout Rotation
    ) -> [TextKey: String]? {
        var changed = sealed
        for (name, text) in sealed where !secrets.isCurrent(text) {
            do {
                let value = try secrets.open(text, of: task, named: name.text)
                changed[name] = secrets.seal(value, of: task, named: name.text)
                rotation.resealed += 1
            } catch {
                rotation.lost += 1
            }
        }
        return changed == sealed ? nil : changed
    }
}
