import Credentials
import Domain
import Storage

/// The only error meant for people.
package enum OperationError: Error, Sendable, Equatable {
    /// What was sent cannot be used: every fault found.
    case invalid([InputFault])
    /// It cannot be done, for this reason; the sentence is for the person.
    case refused(Refusal, String)
    /// It cannot be done yet; after so many seconds it is worth another try.
    case tooSoon(Refusal, String, seconds: Int)

    /// The stable words for why something cannot be done. Raw values are the API's `error_code`s.
    package enum Refusal: String, Sendable, CaseIterable {
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
        case forbidden
        case accountInactive = "account_inactive"
        case registrationClosed = "registration_closed"
        case notOwner = "not_owner"
        case roleRequired = "role_required"
        case scopeRequired = "scope_required"
        case notFound = "not_found"
        case invalidTransition = "invalid_transition"
        case executionEnded = "execution_ended"
        case taskCancelled = "task_cancelled"
        case queueFull = "queue_full"
        case lastSuperuser = "last_superuser"
        case tooManyAttempts = "too_many_attempts"
        case rateLimited = "rate_limited"
        case databaseUnavailable = "database_unavailable"
    }

    /// What people may know of an error from below; nil when it is our fault and nobody's business.
    package init?(surfacing error: any Error) {
        switch error {
        case let error as OperationError: self = error
        case let error as InputFaults: self = .invalid(error.faults)
        case PasswordError.overloaded:
            self = .refused(.rateLimited, "Too many people are logging in at the moment. Try again shortly.")
        case StorageError.unavailable, StorageError.tookTooLong:
            self = .refused(.databaseUnavailable, "The database cannot be reached at the moment. Try again shortly.")
        default: return nil
        }
    }
}
