import Credentials
import Domain
import Storage

/// Ends the guessing of passwords, for all servers of a database together.
///
/// Within five minutes, a name, known or not, may be tried with ten wrong passwords from one address (an IPv4 address
/// or an IPv6 /64), and with a hundred from anywhere. After ten, that address has to wait, and no other. After a
/// hundred, all have to wait but those from which the account was logged in to within 30 days: so whoever guesses from
/// many places does not keep the owner out. What has to wait is refused without a look at the password, and not
/// counted.
///
/// So it is with an account, by both its names together. But an account that has to wait when its name has not is
/// refused as if the password were wrong, and that is counted: else it would be told that there is such an account, and
/// which names are one.
package struct LoginThrottle: Sendable {
    private static let limits = LoginLimits(seconds: 300, perAddress: 10, inAll: 100)

    private let database: Database

    /// The throttle that all servers of `database` share.
    package init(database: Database) {
        self.database = database
    }

    /// The account that logs in by `name`, if a password may be tried from `address`; to be asked before one is hashed.
    ///
    /// - Throws: `tooManyAttempts`.
    func candidate(_ name: String, from address: String?) async throws -> LoginCandidate {
        let candidate = try await database.store.loginCandidate(Self.attempt(name, from: address), Self.limits)
        if let seconds = candidate.standing.nameWait { throw Self.refusal(seconds: seconds) }
        return candidate
    }

    /// Whether a password may be tried by somebody who is known to have the account `name`; to be asked before one is
    /// hashed, and once more when it was right: others may have guessed meanwhile.
    ///
    /// - Throws: `tooManyAttempts`.
    func check(_ name: String, from address: String?) async throws {
        if let seconds = try await candidate(name, from: address).standing.accountWait {
            throw Self.refusal(seconds: seconds)
        }
    }

    /// Counts a wrong password of `name`, and writes it down.
    ///
    /// - Parameter user: whose name it is; nil where no account has it.
    /// - Throws: `tooManyAttempts` in the place of the caller's own refusal, if others used up the tries meanwhile.
    func recordFailure(_ name: String, of user: Identifier<User>?, as caller: Caller) async throws {
        let isCounted = try await database.store.recordLoginFailure(
            Self.attempt(name, from: caller.address), of: user, Self.limits, .loginFailure(of: user), by: caller)
        guard !isCounted else { return }
        _ = try await candidate(name, from: caller.address)
    }

    /// Notes and writes down that the password was right, unless others used up the tries meanwhile.
    ///
    /// - Returns: the token generation of the account; nil if it is not active under this hash any more.
    /// - Throws: `tooManyAttempts`, `invalidCredentials`.
    func recordLogin(
        _ name: String, of user: User, provedBy hash: String, as caller: Caller
    ) async throws -> Int? {
        let (standing, generation) = try await database.store.recordLogin(
            Self.attempt(name, from: caller.address), of: user.id, provedBy: hash, Self.limits,
            success: (AuditEntry("auth.login", "user", user.id), caller.known(as: user)),
            failure: (.loginFailure(of: user.id), caller))
        if let seconds = standing.nameWait { throw Self.refusal(seconds: seconds) }
        guard standing.accountWait == nil else { throw OperationError.wrongLogin }
        return generation
    }

    private static func attempt(_ name: String, from address: String?) -> LoginAttempt {
        let isPossible = name.unicodeScalars.count <= User.longestName
        // All ways to write an e-mail address are one name. What is too long for a name is taken as it is: bringing it
        // into one form may take long.
        let isAddress = isPossible && User.holdsAtSign(name)
        return LoginAttempt(
            login: isPossible ? name : nil, digest: NameDigest.of(isAddress ? User.key(of: name) : name),
            address: client(address))
    }

    private static func client(_ address: String?) -> String {
        guard let address else { return "" }
        return IPAddress(address)?.client.description ?? address
    }

    private static func refusal(seconds: Int) -> OperationError {
        .tooSoon(
            .tooManyAttempts, "Too many wrong passwords were tried for this name. Try again later.",
            seconds: max(1, seconds))
    }
}
