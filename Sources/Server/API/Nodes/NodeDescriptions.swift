import Domain

/// The shapes of servers (docs/api.md).
enum NodeSchema {
    static let node = JSONSchema.answer([
        "id": .id, "name": .text, "version": .text, "labels": .array(of: .text), "status": .choice(of: NodeStatus.self),
        "running": .integer(0...Int.max), "capacity": .integer(0...Int.max), "started_at": .time, "last_seen_at": .time,
    ]).named("Server")

    static let acted = JSONSchema.answer(["message": .text, "id": .id]).named("ServerMessage")
}

/// What is told of the routes of the servers.
extension RouteDescription {
    static let listNodes = RouteDescription(
        "listServers", .servers, "List the servers", detail: "By name.", answers: .json(.array(of: NodeSchema.node)))
    static let drainNode = RouteDescription(
        "drainServer", .servers, "Drain a server",
        detail: "It takes up nothing new, across restarts; what it runs goes on. Repeating is harmless.",
        answers: .json(NodeSchema.acted))
    static let undrainNode = RouteDescription(
        "undrainServer", .servers, "Have a server take up work again", detail: "Repeating is harmless.",
        answers: .json(NodeSchema.acted))
}
