import ArgumentParser
import Client
import Domain

extension AccountCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account.",
            discussion: "Its password is asked for at the terminal, or read from standard input.")

        @Argument(help: "The username, 3 to 255 characters.")
        var name: String
        @Option(help: "The e-mail address.")
        var email: String
        @Option(
            help: "What the account may do: superuser, user or viewer. (default: user)",
            completion: .list(Role.allValueStrings))
        var role: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                var fields: [TextKey: JSONValue] = ["username": .string(name), "email": .string(email)]
                if let role { fields["role"] = .string(role) }
                fields["password"] = .string(try PasswordPrompt.newPassword())
                let made = try await server.makeAccount(.object(fields))
                output.show(made.json, or: "Made '\(made.username.printable)' (\(made.id)).")
            }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an account another role or e-mail address; disable it, or enable it again.",
            discussion: """
                A disabled account cannot log in, its tokens are revoked, and its tasks rest. The last active superuser \
                stays one.
                """)

        @OptionGroup var account: NamedAccount
        @Option(help: "superuser, user or viewer.", completion: .list(Role.allValueStrings))
        var role: String?
        @Option(help: "The e-mail address.")
        var email: String?
        @Flag(help: "Disable it.")
        var disable = false
        @Flag(help: "Enable it again; its tasks go on from now.")
        var enable = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            guard !enable || !disable else { throw ValidationError("Give one of --enable and --disable.") }
            guard enable || disable || role != nil || email != nil else {
                throw ValidationError("Say what is to change: --role, --email, --disable or --enable.")
            }
        }

        func run() async throws {
            try await options.withServer { server in
                var fields: [TextKey: JSONValue] = [:]
                if let role { fields["role"] = .string(role) }
                if let email { fields["email"] = .string(email) }
                if enable || disable { fields["is_active"] = .bool(enable) }
                let id = try await AccountChoice.id(of: account.account, on: server)
                let changed = try await server.change(id, .object(fields))
                output.show(changed.json, or: "Changed '\(changed.username.printable)' (\(changed.id)).")
            }
        }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give your own account a new password; earlier logins end.",
            discussion: """
                The present and the new password are asked for at the terminal, or read from two lines of standard input. \
                Another's password is changed by 'qkron user passwd', where the database is.
                """)

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let account = try await server.ownAccount()
                let present = try PasswordPrompt.password(of: account.username)
                let changed = try await server.change(
                    account.id,
                    [
                        "current_password": .string(present), "password": .string(try PasswordPrompt.newPassword()),
                    ])
                output.show(
                    changed.json,
                    or: "'\(changed.username.printable)' has a new password; earlier logins have ended.")
            }
        }
    }
}
