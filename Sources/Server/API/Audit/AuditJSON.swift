import Domain

extension AuditRow: JSONWritable {
    /// Writes the row as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("action", entry.action)
            json.member("actor_id", actorID)
            json.member("actor_name", actorName)
            json.member("actor_type", actorType)
            json.member("api_key_id", key?.id)
            json.member("api_key_name", key?.name)
            json.member("changes", .object(entry.changes))
            json.member("id", id)
            json.member("ip", address)
            json.member("request_id", requestID)
            json.member("resource_id", entry.resourceID)
            json.member("resource_type", entry.resourceType)
            json.member("timestamp", at)
        }
    }
}
