/// Who may call a route. What concerns single rows (`owner`, `reader`) is decided where the row is read.
package enum AccessRule: String, Sendable, CaseIterable {
    /// No credentials are read at all, so that a stale token does no harm.
    case open
    /// Nobody needs to log in, yet credentials that are sent must be good.
    case anonymous
    /// Any logged-in person.
    case any
    /// Any logged-in person, and the service key.
    case anyOrService
    /// Role user or superuser.
    case user
    /// Role user or superuser, and the service key.
    case userOrService
    /// The row's owner, a superuser or a viewer may read.
    case reader
    /// The row's owner unless a viewer, or a superuser may change.
    case owner
    /// As `owner`, and never the service key.
    case ownerInPerson
    /// The account itself, or a superuser.
    case selfOrSuperuser
    /// Role superuser.
    case superuser
    /// Role superuser, the service key, and anybody's API key of the route's scope.
    case superuserOrKey
}
