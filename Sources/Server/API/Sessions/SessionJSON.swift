import Domain
import Operations

extension User: JSONWritable {
    /// Writes the account as it is answered.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("created_at", createdAt)
            json.member("email", email)
            json.member("id", id)
            json.member("is_active", isActive)
            json.member("is_superuser", role == .superuser)
            json.member("last_login_at", lastLoginAt)
            json.member("role", role.rawValue)
            json.member("updated_at", updatedAt)
            json.member("username", username)
        }
    }
}

extension IssuedToken: JSONWritable {
    /// Writes the answer to a login (RFC 6749, section 5.1).
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("access_token", text)
            json.member("expires_in", lifetime)
            json.member("token_type", "bearer")
        }
    }
}
