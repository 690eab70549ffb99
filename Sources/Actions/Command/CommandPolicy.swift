import Domain

/// What the operator allows commands, and what they are given.
package struct CommandPolicy: Sendable {
    /// First words that commands may start with; empty allows any.
    package let allowedFirstWords: Set<String>
    /// `PATH` of commands.
    package let path: String
    /// The system users that commands run as.
    package let users: CommandUsers

    /// A policy of these rules.
    package init(allowedFirstWords: Set<String>, path: String, users: CommandUsers = .own) {
        self.allowedFirstWords = allowedFirstWords
        self.path = path
        self.users = users
    }

    func accept(_ parameters: [TextKey: JSONValue]) throws(InputFaults) -> [TextKey: JSONValue] {
        let command = try CommandParameters(parameters)
        let word = String(command.firstWord)
        guard allowedFirstWords.isEmpty || allowedFirstWords.contains(where: { $0.hasSameBytes(as: word) }) else {
            let allowed = allowedFirstWords.sorted().joined(separator: ", ")
            throw InputFaults([
                InputFault(
                    ["command"], "'\(word.shortened(to: 60))' is not among the commands allowed here: \(allowed)")
            ])
        }
        return command.members
    }
}
