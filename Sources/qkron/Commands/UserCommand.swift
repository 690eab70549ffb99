import ArgumentParser
import Domain
import Foundation
import Operations
import Scheduling
import Server

/// Manages accounts at the console.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Manage accounts in the database; 'qkron account' does so over the API.",
        subcommands: [Create.self, List.self, Passwd.self, Disable.self, Enable.self, ChangeRole.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account.",
            discussion: "The password is asked for at the terminal, or read from standard input.")

        @Argument(help: "The username, 3 to 255 characters.")
        var name: String

        @Option(help: "The e-mail address.")
        var email: String

        @Option(help: "What the account may do: superuser, user or viewer. (default: user)")
        var role: Role?

        @Flag(help: "The same as --role superuser.")
        var superuser = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func validate() throws {
            guard !superuser || (role ?? .superuser) == .superuser else {
                throw ValidationError("--superuser contradicts --role; give one of the two.")
            }
        }

        func run() throws {
            try options.withDatabase(asking: PasswordPrompt.newPassword) { console, password in
                let account = NewAccount(email: email, username: name, password: password)
                let user = try await console.users.create(account, role: superuser ? .superuser : role ?? .user)
                output.show(user, or: "Created \(user.role.rawValue) '\(user.username)' (\(user.id)).")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts, oldest first.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase { console in
                let users = try await console.users.list()
                output.show(users, or: Self.table(of: users))
            }
        }

        private static func table(of users: [User]) -> String {
            let rows = users.map { user in
                [
                    user.username, user.email, user.role.rawValue, user.isActive ? "active" : "disabled",
                    ISO8601.format(user.createdAt),
                ]
            }
            return TextTable.render([["USERNAME", "EMAIL", "ROLE", "STATUS", "CREATED"]] + rows)
        }
    }

    struct Passwd: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an account a new password; its tokens are revoked.",
            discussion: "The password is asked for at the terminal, or read from standard input.")

        @Argument(help: "The username.")
        var name: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase(asking: PasswordPrompt.newPassword) { console, password in
                try await console.users.setPassword(password, of: name)
                try await output.show(
                    name, in: console, or: "'\(name)' has a new password; earlier tokens are revoked.")
            }
        }
    }

    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable an account: it cannot log in, its tokens are revoked, its tasks rest.")

        @Argument(help: "The username.")
        var name: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase { console in
                try await console.users.setActive(false, username: name)
                try await output.show(name, in: console, or: "'\(name)' is disabled.")
            }
        }
    }

    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enable an account again; its tasks go on from now.")

        @Argument(help: "The username.")
        var name: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase { console in
                try await console.users.setActive(true, username: name)
                try await output.show(name, in: console, or: "'\(name)' is enabled.")
            }
        }
    }

    struct ChangeRole: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "role",
            abstract: "Give an account another role; command tasks that it may not run rest.")

        @Argument(help: "The username.")
        var name: String

        @Argument(help: "superuser, user or viewer.")
        var role: Role

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: DatabaseOptions

        func run() throws {
            try options.withDatabase { console in
                try await console.users.setRole(role, of: name)
                try await output.show(name, in: console, or: "'\(name)' is now a \(role.rawValue).")
            }
        }
    }
}

extension Role: ExpressibleByArgument {}

extension OutputOptions {
    /// Shows the account of this username, as it is now, as JSON, or `text`.
    fileprivate func show(_ username: String, in console: Console, or text: String) async throws {
        guard json else { return StandardOutput.write(line: text) }
        // Somebody may have deleted it since.
        let found = try await console.users.list().first { $0.username.hasSameBytes(as: username) }
        if let found { show(found, or: text) } else { show(.null, or: text) }
    }
}
