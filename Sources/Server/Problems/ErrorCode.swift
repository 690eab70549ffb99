import HTTPTypes

/// The stable words by which programs tell errors apart; each belongs to one status.
enum ErrorCode: String, Sendable, CaseIterable {
    case malformedJSON = "malformed_json"
    case emailTaken = "email_taken"
    case usernameTaken = "username_taken"
    case wrongCurrentPassword = "wrong_current_password"
    case cannotDeleteSelf = "cannot_delete_self"
    case dependenciesUnsatisfied = "dependencies_unsatisfied"
    case notAuthenticated = "not_authenticated"
    case invalidCredentials = "invalid_credentials"
    case invalidToken = "invalid_token"
    case tokenExpired = "token_expired"
    case tokenRevoked = "token_revoked"
    case invalidAPIKey = "invalid_api_key"
    case invalidWebhookToken = "invalid_webhook_token"
    case notOwner = "not_owner"
    case roleRequired = "role_required"
    case scopeRequired = "scope_required"
    case accountInactive = "account_inactive"
    case registrationClosed = "registration_closed"
    case forbidden
    case notFound = "not_found"
    case routeNotFound = "route_not_found"
    case methodNotAllowed = "method_not_allowed"
    case invalidTransition = "invalid_transition"
    case executionEnded = "execution_ended"
    case taskCancelled = "task_cancelled"
    case queueFull = "queue_full"
    case lastSuperuser = "last_superuser"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case validationFailed = "validation_failed"
    case tooManyAttempts = "too_many_attempts"
    case rateLimited = "rate_limited"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    case databaseUnavailable = "database_unavailable"
    case notReady = "not_ready"

    /// The HTTP status that goes with it.
    var status: HTTPResponse.Status {
        switch self {
        case .malformedJSON, .emailTaken, .usernameTaken, .wrongCurrentPassword, .cannotDeleteSelf,
            .dependenciesUnsatisfied:
            .badRequest
        case .notAuthenticated, .invalidCredentials, .invalidToken, .tokenExpired, .tokenRevoked, .invalidAPIKey,
            .invalidWebhookToken:
            .unauthorized
        case .notOwner, .roleRequired, .scopeRequired, .accountInactive, .registrationClosed, .forbidden: .forbidden
        case .notFound, .routeNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .invalidTransition, .executionEnded, .taskCancelled, .queueFull, .lastSuperuser: .conflict
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .validationFailed: .unprocessableContent
        case .tooManyAttempts, .rateLimited: .tooManyRequests
        case .headersTooLarge: .requestHeaderFieldsTooLarge
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
        case .wrongCurrentPassword: "Wrong current password"
        case .cannotDeleteSelf: "Cannot delete oneself"
        case .dependenciesUnsatisfied: "Dependencies unsatisfied"
        case .notAuthenticated: "Not authenticated"
        case .invalidCredentials: "Invalid credentials"
        case .invalidToken: "Invalid token"
        case .tokenExpired: "Token expired"
        case .tokenRevoked: "Token revoked"
        case .invalidAPIKey: "Invalid API key"
        case .invalidWebhookToken: "Invalid webhook token"
        case .notOwner: "Not the owner"
        case .roleRequired: "Another role is required"
        case .scopeRequired: "Another scope is required"
        case .accountInactive: "Account inactive"
        case .registrationClosed: "Registration closed"
        case .forbidden: "Forbidden"
        case .notFound: "Not found"
        case .routeNotFound: "No such route"
        case .methodNotAllowed: "Method not allowed"
        case .invalidTransition: "Invalid transition"
        case .executionEnded: "Execution ended"
        case .taskCancelled: "Task cancelled"
        case .queueFull: "Queue full"
        case .lastSuperuser: "Last superuser"
        case .bodyTooLarge: "Body too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .validationFailed: "Validation failed"
        case .tooManyAttempts: "Too many attempts"
        case .rateLimited: "Too many requests"
        case .headersTooLarge: "Headers too large"
        case .internalError: "Internal error"
        case .databaseUnavailable: "Database unavailable"
        case .notReady: "Not ready"
        }
    }
}
