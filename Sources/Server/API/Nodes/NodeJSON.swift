import Domain

extension NodeReport {
    /// The server as it is answered.
    var json: JSONValue {
        [
            "id": .string(id.description), "name": .string(name), "version": .string(version), "labels": .texts(labels),
            "status": .string(status.rawValue), "running": .integer(running), "capacity": .integer(capacity),
            "started_at": .time(startedAt), "last_seen_at": .time(lastSeenAt),
        ]
    }
}
