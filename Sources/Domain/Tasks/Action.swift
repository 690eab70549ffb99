/// What a task does: a kind, and the parameters that kind's runner understands.
package struct Action: Sendable, Equatable {
    /// The kind, as `task_type` names it.
    package var kind: ActionKind
    /// The parameters, an object whose members the kind's runner defines.
    package var parameters: [TextKey: JSONValue]
    /// The values that are secret, sealed, by their names. The parameters hold null in their place, so that whoever
    /// shows parameters shows no secret.
    package var sealed: [TextKey: String]

    /// An action of `kind`; nothing is checked here, the kind's runner does that when a task is written.
    package init(kind: ActionKind, parameters: [TextKey: JSONValue], sealed: [TextKey: String] = [:]) {
        self.kind = kind
        self.parameters = parameters
        self.sealed = sealed
    }
}

/// The name of a way of doing things. Open on purpose: a new kind is a folder in Actions and a line in Composition.
package struct ActionKind: Sendable, Hashable, RawRepresentable {
    package let rawValue: String

    /// The kind of this name.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Runs a shell command.
    package static let command = ActionKind(rawValue: "command")
}
