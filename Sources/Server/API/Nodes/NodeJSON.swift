import Domain

extension NodeReport: JSONWritable {
    /// Writes the server as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("capacity", capacity)
            json.member("id", id)
            json.member("labels", labels)
            json.member("last_seen_at", lastSeenAt)
            json.member("name", name)
            json.member("running", running)
            json.member("started_at", startedAt)
            json.member("status", status.rawValue)
            json.member("version", version)
        }
    }
}
