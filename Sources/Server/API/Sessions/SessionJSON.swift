import Domain
import Operations

extension User {
    /// The account as it is answered.
    var json: JSONValue {
        [
            "id": .string(id.description), "email": .string(email), "username": .string(username),
            "role": .string(role.rawValue), "is_active": .bool(isActive), "is_superuser": .bool(role == .superuser),
            "created_at": .time(createdAt), "updated_at": .time(updatedAt), "last_login_at": .time(lastLoginAt),
        ]
    }
}

extension IssuedToken {
    /// The answer to a login (RFC 6749, section 5.1).
    var json: JSONValue {
        ["access_token": .string(text), "token_type": "bearer", "expires_in": .integer(lifetime)]
    }
}
