import ArgumentParser
import Domain
import Operations

/// Manages the secrets that tasks keep.
struct SecretsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Manage the secrets that tasks keep.",
        subcommands: [Rotate.self])

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal all stored secrets under the present ENCRYPTION_KEY.",
            discussion: """
                Give it the ENCRYPTION_KEY and ENCRYPTION_KEY_PREVIOUS of the servers, which may run meanwhile. It ends \
                with exit code 1 if a value could not be opened.
                """)

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase { console in
                let secrets = SecretOperations(database: console.database, secrets: try await console.secretBox())
                let rotation = try await secrets.rotate(as: Caller(.console))
                output.show(
                    ["resealed": .integer(rotation.resealed), "lost": .integer(rotation.lost)],
                    or: "Sealed anew: \(rotation.resealed).")
                guard rotation.lost == 0 else { throw LostSecretsError(count: rotation.lost) }
            }
        }
    }
}

/// Values that no key at hand opens.
struct LostSecretsError: Error, CustomStringConvertible {
    let count: Int

    var description: String {
        """
        \(count) values are sealed under a key that is neither ENCRYPTION_KEY nor ENCRYPTION_KEY_PREVIOUS, or are \
        damaged. They stay as they are; send their tasks new values, or rotate with the key that sealed them.
        """
    }
}
