import Domain
import Foundation

/// A server of the database, as another one tells of it. Words and times stand as they came: a newer server may know
/// others.
package struct RemoteNode: Sendable {
    package let id: Identifier<Node>
    package let name: String
    package let status: String
    package let running: Int
    package let capacity: Int
    package let labels: [String]
    package let version: String
    package let lastSeenAt: String
    /// All that was told of it.
    package let json: JSONValue
}

extension RemoteServer {
    /// All servers of the database, by name.
    ///
    /// - Throws: `ClientError`.
    package func nodes() async throws(ClientError) -> [RemoteNode] {
        guard case .array(let rows) = try await get("/nodes") else {
            throw .strange(address, "its list of servers is no list")
        }
        let nodes = rows.compactMap(RemoteNode.init(json:))
        guard nodes.count == rows.count else { throw .strange(address, "its list of servers cannot be read") }
        return nodes
    }

    /// Has a server take up nothing new.
    ///
    /// - Returns: what the asked server says to it.
    /// - Throws: `ClientError`.
    package func drain(_ id: Identifier<Node>) async throws(ClientError) -> RemoteMessage {
        try await message(of: "/nodes/\(id)/drain")
    }

    /// Has a server take up work again.
    ///
    /// - Returns: what the asked server says to it.
    /// - Throws: `ClientError`.
    package func undrain(_ id: Identifier<Node>) async throws(ClientError) -> RemoteMessage {
        try await message(of: "/nodes/\(id)/undrain")
    }
}

extension RemoteNode {
    fileprivate init?(json: JSONValue) {
        guard case .object(let members) = json, case .string(let id)? = members["id"], let id = Identifier<Node>(id),
            case .string(let name)? = members["name"], case .string(let status)? = members["status"],
            case .integer(let running)? = members["running"], case .integer(let capacity)? = members["capacity"],
            case .array(let labels)? = members["labels"], case .string(let version)? = members["version"],
            case .string(let lastSeenAt)? = members["last_seen_at"]
        else { return nil }
        self.init(
            id: id, name: name, status: status, running: running, capacity: capacity,
            labels: labels.compactMap { if case .string(let label) = $0 { label } else { nil } }, version: version,
            lastSeenAt: lastSeenAt, json: json)
    }
}
