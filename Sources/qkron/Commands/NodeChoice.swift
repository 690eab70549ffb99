import Client
import Domain

/// Finds the server that a person means.
enum NodeChoice {
    /// The id that `text` is, or that the server of this name has.
    ///
    /// - Throws: `ChoiceError` where it fits none, or several; `ClientError`.
    static func id(of text: String, on server: RemoteServer) async throws -> Identifier<Node> {
        if let id = Identifier<Node>(text) { return id }
        return try choose(text, among: try await server.nodes()).id
    }

    /// The node of this name. A server that started on a new data directory leaves its earlier self behind: one that is
    /// there is meant before those that are gone.
    static func choose(_ name: String, among nodes: [RemoteNode]) throws(ChoiceError) -> RemoteNode {
        let named = nodes.filter { $0.name == name }
        let present = named.filter { $0.status != NodeStatus.gone.rawValue }
        let candidates = present.isEmpty ? named : present
        guard let choice = candidates.first else { throw none(name) }
        guard candidates.count == 1 else { throw several(name, candidates) }
        return choice
    }

    private static func none(_ name: String) -> ChoiceError {
        .none("There is no server named '\(name)'; 'qkron node list' shows them.")
    }

    private static func several(_ name: String, _ nodes: [RemoteNode]) -> ChoiceError {
        let ids = nodes.map(\.id.description).joined(separator: ", ")
        return .several("\(nodes.count) servers are named '\(name)'; say which by its id: \(ids)")
    }
}
