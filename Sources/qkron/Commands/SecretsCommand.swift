import ArgumentParser
import Domain
import Operations
import Storage

/// Manages the secrets that tasks keep.
struct SecretsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Manage the secrets that tasks keep.",
        subcommands: [Rotate.self, Forget.self])

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal all stored secrets under the present ENCRYPTION_KEY.",
            discussion: """
                Give it the database of the servers (DATABASE_URL, or their DATA_DIR) with their ENCRYPTION_KEY and \
                ENCRYPTION_KEY_PREVIOUS; they may run meanwhile. It ends with exit code 1 if a value could not be opened.
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

extension SecretsCommand {
    struct Forget: ParsableCommand {
        enum Key: String, ExpressibleByArgument, CaseIterable {
            case signing = "signing-key"
            case encryption = "encryption-key"

            var shared: SharedKey {
                switch self {
                case .signing: .signing
                case .encryption: .encryption
                }
            }

            /// What goes with the key.
            var loss: String {
                switch self {
                case .signing: "Every token ends, and everybody has to log in again."
                case .encryption: "The secrets that tasks keep cannot be opened any more."
                }
            }
        }

        static let configuration = CommandConfiguration(
            abstract: "Forget a key that is lost, so that servers start with another.",
            discussion: """
                Servers refuse to start with another key than the database knows. To replace a key that you have, do not \
                forget it but rotate it, which loses nothing. No server may run.
                """)

        @Argument(help: "signing-key or encryption-key.")
        var key: Key

        @Flag(help: "Do it: what goes with the key is lost.")
        var yes = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func validate() throws {
            guard yes else { throw ValidationError("\(key.loss) Nothing is done without --yes.") }
        }

        func run() throws {
            try options.withDatabase { console in
                let lost = try await KeyOperations(database: console.database)
                    .forget(key.shared, as: Caller(.console))
                let forgotten = "Forgotten: the next server brings its own. \(key.loss)"
                output.show(
                    ["forgotten": .string(key.rawValue), "lost": .integer(lost)],
                    or: lost == 0
                        ? forgotten : "\(forgotten)\nTasks that need new values of their secrets: \(lost).")
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
