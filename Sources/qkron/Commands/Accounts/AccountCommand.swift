import ArgumentParser
import Client
import Domain

/// Looks after accounts, over the HTTP API of a server; `qkron user` does so in the database itself.
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "List, make, change and delete accounts; asks a server, as a superuser.",
        discussion: """
            Everybody may 'show' their own account, and give it another password. 'qkron user' needs no login, and works \
            where the database is. 
            """ + CommandFailure.codesInWords,
        subcommands: [List.self, Show.self, Create.self, Update.self, Passwd.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts, oldest first.")

        @Option(help: "Only those of this role: superuser, user or viewer.", completion: .list(Role.allValueStrings))
        var role: String?
        @Flag(help: "Only those that are disabled.")
        var disabled = false

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let filter =
                    (role.map { [Query("role", $0)] } ?? []) + (disabled ? [Query("is_active", "false")] : [])
                let accounts = try await server.accounts(filter)
                output.show(.array(accounts.map(\.json)), or: Self.table(of: accounts))
            }
        }

        private static func table(of accounts: [RemoteAccount]) -> String {
            let heads = ["USERNAME", "EMAIL", "ROLE", "ACTIVE", "CREATED", "LAST LOGIN", "ID"]
            let columns: [TextKey] = ["username", "email", "role", "is_active", "created_at", "last_login_at", "id"]
            return TextTable.render([heads] + accounts.map { account in columns.map { account.json.cell($0) } })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an account; without a name, that of who asks.")

        @Argument(help: "The account's username or id.")
        var account: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let found =
                    if let account {
                        try await server.account(try await AccountChoice.id(of: account, on: server))
                    } else { try await server.ownAccount() }
                output.show(found.json, or: Self.page(of: found))
            }
        }

        private static func page(of account: RemoteAccount) -> String {
            let rows: [(String, TextKey)] = [
                ("Username", "username"), ("Id", "id"), ("E-mail", "email"), ("Role", "role"), ("Active", "is_active"),
                ("Created", "created_at"), ("Changed", "updated_at"), ("Last login", "last_login_at"),
            ]
            return TextTable.render(rows.map { [$0.0, account.json.cell($0.1)] })
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an account with its tasks, their executions and its keys; its runs are killed.",
            discussion: "It asks first, and wants --yes where there is no terminal. 'update --disable' keeps all.")

        @OptionGroup var account: NamedAccount
        @OptionGroup var confirmation: Confirmation
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            try confirmation.check()
        }

        func run() async throws {
            try await options.withServer { server in
                let id = try await AccountChoice.id(of: account.account, on: server)
                try confirmation.ask("Delete the account \(account.account) with all its tasks and executions?")
                try await server.deleteAccount(id)
                output.show(["id": .string("\(id)")], or: "Deleted \(id).")
            }
        }
    }
}

/// The argument that names an account.
struct NamedAccount: ParsableArguments {
    @Argument(help: "The account's username or id.")
    var account: String
}
