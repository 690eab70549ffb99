import HTTPTypes

/// The stable words by which programs tell errors apart; each belongs to one status.
enum ErrorCode: String, Sendable, CaseIterable {
    case malformedJSON = "malformed_json"
    case emailTaken = "email_taken"
    case usernameTaken = "username_taken"
    case notAuthenticated = "not_authenticated"
    case invalidCredentials = "invalid_credentials"
    case invalidToken = "invalid_token"
    case tokenExpired = "token_expired"
    case tokenRevoked = "token_revoked"
    case invalidAPIKey = "invalid_api_key"
    case notOwner = "not_owner"
    case roleRequired = "role_required"
    case accountInactive = "account_inactive"
    case registrationClosed = "registration_closed"
    case notFound = "not_found"
    case routeNotFound = "route_not_found"
    case methodNotAllowed = "method_not_allowed"
    case executionEnded = "execution_ended"
    case taskCancelled = "task_cancelled"
    case queueFull = "queue_full"
    case lastSuperuser = "last_superuser"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case validationFailed = "validation_failed"
    case rateLimited = "rate_limited"
    case internalError = "internal_error"
    case databaseUnavailable = "database_unavailable"
    case notReady = "not_ready"

    /// The HTTP status that goes with it.
    var status: HTTPResponse.Status {
        switch self {
        case .malformedJSON, .emailTaken, .usernameTaken: .badRequest
        case .notAuthenticated, .invalidCredentials, .invalidToken, .tokenExpired, .tokenRevoked, .invalidAPIKey:
            .unauthorized
        case .notOwner, .roleRequired, .accountInactive, .registrationClosed: .forbidden
        case .notFound, .routeNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .executionEnded, .taskCancelled, .queueFull, .lastSuperuser: .conflict
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .validationFailed: .unprocessableContent
        case .rateLimited: .tooManyRequests
        case .internalError: .internalServerError
        case .databaseUnavailable, .notReady: .serviceUnavailable
        }
    }

    /// A few words, the same for every occurrence.
    var title: String {
        switch self {
        case .malformedJSON: "Malformed JSON"
        case .emailTaken: "E-mail taken"
        case .usernameTaken: "Username taken"
        case .notAuthenticated: "Not authenticated"
        case .invalidCredentials: "Invalid credentials"
        case .invalidToken: "Invalid token"
        case .tokenExpired: "Token expired"
        case .tokenRevoked: "Token revoked"
        case .invalidAPIKey: "Invalid API key"
        case .notOwner: "Not the owner"
        case .roleRequired: "Another role is required"
        case .accountInactive: "Account inactive"
        case .registrationClosed: "Registration closed"
        case .notFound: "Not found"
        case .routeNotFound: "No such route"
        case .methodNotAllowed: "Method not allowed"
        case .executionEnded: "Execution ended"
        case .taskCancelled: "Task cancelled"
        case .queueFull: "Queue full"
        case .lastSuperuser: "Last superuser"
        case .bodyTooLarge: "Body too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .validationFailed: "Validation failed"
        case .rateLimited: "Too many requests"
        case .internalError: "Internal error"
        case .databaseUnavailable: "Database unavailable"
        case .notReady: "Not ready"
        }
    }
}
