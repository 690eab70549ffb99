import Domain
import Executor

/// What a command task does: the parameters of the kind `command`.
package struct CommandParameters: Sendable, Equatable {
    /// Shell text, 1 to 10,000 characters.
    package let command: String
    /// Variables and their values, but for the secret ones that are kept elsewhere.
    package let environment: [String: String]
    /// The variables whose values are secret, in the order in which they were sent.
    package let secretNames: [String]
    /// What each process of the command is held to.
    package let limits: RunLimits
    /// Absolute; nil is the home directory of the user it runs as.
    package let workingDirectory: String?
    /// Bytes that the names and values of an environment may take together.
    package static let environmentLimit = 64 * 1024
    /// Bytes kept of each output stream.
    package let outputLimit: Int

    /// Reads the members `command`, `env`, `secret_env`, `limits`, `working_directory` and `max_output_bytes`; others
    /// are ignored. A secret variable may be null: its value is kept elsewhere.
    ///
    /// - Throws: every fault found.
    package init(_ parameters: [TextKey: JSONValue]) throws(InputFaults) {
        var reading = CommandReading(parameters: parameters)
        let command = reading.command()
        let secretNames = reading.secretNames()
        let environment = reading.environment(secretNames: secretNames)
        let limits = reading.limits()
        let workingDirectory = reading.workingDirectory()
        let outputLimit = reading.outputLimit()
        guard reading.faults.isEmpty, let command else { throw InputFaults(reading.faults) }
        self.command = command
        self.environment = environment
        self.secretNames = secretNames
        self.limits = limits
        self.workingDirectory = workingDirectory
        self.outputLimit = outputLimit
    }

    /// The parameters as they are stored: complete.
    package var members: [TextKey: JSONValue] {
        [
            "command": .string(command),
            "env": .object(
                Dictionary(uniqueKeysWithValues: environment.map { (TextKey($0), .string($1)) })
                    .merging(secretNames.map { (TextKey($0), .null) }) { value, _ in value }),
            "secret_env": .array(secretNames.map(JSONValue.string)),
            "limits": .object(limits.members),
            "working_directory": workingDirectory.map(JSONValue.string) ?? .null,
            "max_output_bytes": .integer(outputLimit),
        ]
    }

    /// The first word of the command as the shell reads it, which `ALLOWED_COMMANDS` may name: blanks before it are
    /// skipped, and it ends at a blank or an operator (POSIX.1-2024, Shell Command Language, 2.3). Quotes are part of
    /// it.
    package var firstWord: Substring {
        Substring(command.utf8.drop(while: Self.blanks.contains).prefix { !Self.ends.contains($0) })
    }

    private static let blanks = Set(" \t\n".utf8)
    private static let ends = blanks.union(";&|<>()".utf8)
}
