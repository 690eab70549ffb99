import Domain

extension APIKey: JSONWritable {
    /// Writes the key as it is answered, without its secret.
    package func write(to json: inout JSONWriter) {
        json.object { write(to: &$0, secret: nil) }
    }

    /// Writes the members of a key, with its secret the one time that it is shown.
    fileprivate func write(to json: inout JSONWriter, secret: String?) {
        json.member("created_at", createdAt)
        json.member("expires_at", expiresAt)
        json.member("id", id)
        if let secret { json.member("key", secret) }
        json.member("last_used_at", lastUsedAt)
        json.member("name", name)
        json.member("prefix", prefix)
        json.member("revoked_at", revokedAt)
        json.member("scopes", scopes.map(\.rawValue).sorted())
    }
}

/// A key just made, as it is answered.
struct MadeKeyJSON: JSONWritable {
    let key: APIKey
    let secret: String

    func write(to json: inout JSONWriter) {
        json.object { key.write(to: &$0, secret: secret) }
    }
}
