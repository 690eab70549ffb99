import ArgumentParser
import Client
import Domain

/// Looks after the servers of a database, over the HTTP API of any of them.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "List servers, and take them out of work and back in; asks a server, as a superuser.",
        discussion: CommandFailure.codesInWords,
        subcommands: [List.self, Drain.self, Undrain.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the servers, by name.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let nodes = try await server.nodes()
                output.show(.array(nodes.map(\.json)), or: Self.table(of: nodes))
            }
        }

        private static func table(of nodes: [RemoteNode]) -> String {
            let heads = ["NAME", "STATUS", "RUNNING", "CAPACITY", "LABELS", "VERSION", "LAST SEEN", "ID"]
            let rows = nodes.map { node in
                [
                    node.name, node.status, String(node.running), String(node.capacity),
                    node.labels.isEmpty ? "-" : node.labels.joined(separator: ","), node.version, node.lastSeenAt,
                    "\(node.id)",
                ]
            }
            return TextTable.render([heads] + rows)
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a server take up nothing new; what it runs goes on.",
            discussion: "It stays so across restarts, until 'undrain'.")

        @Argument(help: "The server's name or id.")
        var node: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                output.show(try await server.drain(try await NodeChoice.id(of: node, on: server)))
            }
        }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have a drained server take up work again.")

        @Argument(help: "The server's name or id.")
        var node: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                output.show(try await server.undrain(try await NodeChoice.id(of: node, on: server)))
            }
        }
    }
}
