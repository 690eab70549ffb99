import Actions
import Credentials
import Domain

/// How the secrets of a task are kept.
extension TaskRules {
    /// The action with its secrets sealed for the task; those that are to stay as they are stay sealed.
    ///
    /// - Parameter stored: the sealed values that the task has.
    /// - Throws: a fault for each value that is to stay and is not stored.
    func sealed(
        _ accepted: AcceptedAction, of task: Identifier<TaskDefinition>, stored: [TextKey: String] = [:]
    ) throws(InputFaults) -> Action {
        var action = accepted.action
        var faults: [InputFault] = []
        for (name, value) in accepted.secrets.sorted(by: { $0.key < $1.key }) {
            if let value {
                action.sealed[name] = sealed(value, named: name, of: task, stored: stored[name])
            } else if let kept = stored[name] {
                action.sealed[name] = kept
            } else {
                let message = "null keeps a stored value, and there is none: send the value"
                faults.append(InputFault(["env", .key(name.text)], message, type: "missing"))
            }
        }
        if size(of: action) > CommandParameters.environmentLimit { faults.append(.tooMuchEnvironment) }
        guard faults.isEmpty else { throw InputFaults(faults) }
        return action
    }

    /// A value sealed; as it was sealed before where it is the same: sending what is there changes nothing.
    private func sealed(
        _ value: String, named name: TextKey, of task: Identifier<TaskDefinition>, stored: String?
    ) -> String {
        // One that cannot be opened is another value.
        if let stored, let known = try? secrets.open(stored, of: task, named: name.text), known.hasSameBytes(as: value)
        {
            return stored
        }
        return secrets.seal(value, of: task, named: name.text)
    }

    /// Bytes of all names and values of the environment, sealed ones included.
    private func size(of action: Action) -> Int {
        guard case .object(let variables) = action.parameters["env"] else { return 0 }
        return variables.reduce(0) { size, variable in
            let value = if case .string(let text) = variable.value { text.utf8.count } else { 0 }
            return size + variable.key.text.utf8.count + value
                + (action.sealed[variable.key].map(SecretBox.length) ?? 0)
        }
    }
}
