import Domain
import HTTPTypes
import Operations

/// The routes of the servers of the database.
struct NodeRoutes {
    let nodes: NodeOperations

    var routes: [Route] {
        [
            Route(.get, "/nodes", .listNodes, access: .superuser, json: list),
            Route(.post, "/nodes/{node_id}/drain", .drainNode, access: .superuser, status: .accepted, json: drain),
            Route(
                .post, "/nodes/{node_id}/undrain", .undrainNode, access: .superuser, status: .accepted, json: undrain),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> [NodeReport] {
        try await nodes.list(as: call.caller)
    }

    @Sendable private func drain(_ call: Call) async throws -> JSONValue {
        let id = try call.nodeID
        try await nodes.drain(id, as: call.caller)
        return [
            "message": "The server takes up nothing new; what it runs goes on.", "id": .string(id.description),
        ]
    }

    @Sendable private func undrain(_ call: Call) async throws -> JSONValue {
        let id = try call.nodeID
        try await nodes.undrain(id, as: call.caller)
        return ["message": "The server takes up work again.", "id": .string(id.description)]
    }
}

extension Call {
    fileprivate var nodeID: Identifier<Node> {
        get throws { try identifier("node_id") }
    }
}
