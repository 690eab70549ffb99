import ArgumentParser
import Client
import Domain
import Foundation
import Scheduling

/// Looks after a person's API keys, over the HTTP API of a server.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "List, make and revoke API keys, by which programs ask; asks a server, as a person.",
        discussion: CommandFailure.codesInWords,
        subcommands: [List.self, Create.self, Revoke.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List your keys, newest first, revoked ones among them.")

        @Option(help: "The keys of this account, for superusers; its username or id.")
        var owner: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                var id: Identifier<User>?
                if let owner { id = try await AccountChoice.id(of: owner, on: server) }
                let keys = try await server.keys(of: id)
                output.show(.array(keys.map(\.json)), or: Self.table(of: keys))
            }
        }

        private static func table(of keys: [RemoteKey]) -> String {
            let heads = ["NAME", "PREFIX", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "REVOKED", "ID"]
            let columns: [TextKey] = [
                "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at", "id",
            ]
            return TextTable.render([heads] + keys.map { key in columns.map { key.json.cell($0) } })
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key; its secret is shown only here.",
            discussion: """
                A key may do what its scopes open and its owner may: tasks:read, tasks:write, tasks:execute, metrics. \
                Programs give it in QKRON_API_KEY, or as the header X-API-Key.
                """)

        @Argument(help: "What it is called.")
        var name: String
        @Option(
            help: "What it may be used for; may be given several times.",
            completion: .list(APIKeyScope.allCases.map(\.rawValue)))
        var scope: [String]
        @Option(help: "It works no more from this time on, such as 2027-03-01T00:00:00Z. (default: never)")
        var expiresAt: String?
        @Option(help: "It works for so long, such as 90d.")
        var expiresIn: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            guard expiresAt == nil || expiresIn == nil else {
                throw ValidationError("Give one of --expires-at and --expires-in.")
            }
            _ = try end()
        }

        func run() async throws {
            let end = try end()
            try await options.withServer { server in
                let key = try await server.makeKey([
                    "name": .string(name), "scopes": .array(scope.map(JSONValue.string)),
                    "expires_at": end.map(JSONValue.string) ?? .null,
                ])
                output.show(key.json, or: Self.page(of: key))
            }
        }

        private func end() throws -> String? {
            guard let expiresIn else { return expiresAt }
            do {
                return ISO8601.format(Date() + TimeInterval(try Interval(expiresIn).seconds))
            } catch {
                throw ValidationError("--expires-in: \(error)")
            }
        }

        private static func page(of key: RemoteKey) -> String {
            let end = key.json.member("expires_at")?.textValue.map { ", good until \($0)" } ?? ""
            return """
                Made '\(key.name.printable)' (\(key.id))\(end.printable).
                The secret, shown only here: \(key.json.cell("key").printable)
                """
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have a key work no more, at once and for ever.")

        @Argument(help: "The key's name or id.")
        var key: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let id = try await KeyChoice.id(of: key, on: server)
                try await server.revokeKey(id)
                output.show(["id": .string("\(id)")], or: "Revoked \(id).")
            }
        }
    }
}
