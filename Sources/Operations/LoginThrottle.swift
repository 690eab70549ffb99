import Credentials
import Domain
import Storage

/// Ends the guessing of passwords, for all servers of a database together.
///
/// Within five minutes, a name, known or not, may be tried with ten wrong passwords from one address (an IPv4 address or an
/// IPv6 /64), and with a hundred from anywhere. After ten, that address has to wait, and no other. After a hundred, all
/// have to wait but those from which the account was logged in to within 30 days: so whoever guesses from many places does
/// not keep the owner out. What has to wait is refused without a look at the password, and not counted.
package struct LoginThrottle: Sendable {
    private static let limits = LoginLimits(seconds: 300, perAddress: 10, inAll: 100)

    private let database: Database

    /// The throttle that all servers of `database` share.
    package init(database: Database) {
        self.database = database
    }

    /// Whether a password of `name` may be tried from `address`; to be asked before one is hashed, and once more when it
    /// was right: others may have guessed meanwhile.
    ///
    /// - Throws: `tooManyAttempts`.
    package func check(_ name: String, from address: String?) async throws {
        let isPossible = name.unicodeScalars.count <= User.longestName
        let standing = try await database.store.loginStanding(
            digest: Self.digest(of: name), login: isPossible ? name : nil, address: Self.client(address), Self.limits)
        if let seconds = Self.wait(standing) { throw Self.refusal(seconds: seconds) }
    }

    /// Counts a wrong password of `name`, and writes it down.
    ///
    /// - Parameter user: whose name it is; nil where no account has it.
    /// - Throws: `tooManyAttempts` in the place of the caller's own refusal, if others used up the tries meanwhile.
    func recordFailure(_ name: String, of user: Identifier<User>?, as caller: Caller) async throws {
        let isCounted = try await database.transaction { store in
            // The row first: what is counted is locked until the commit, and others guess at the same time.
            try await store.record(.loginFailure(of: user), by: caller)
            return try await store.recordLoginFailure(
                digest: Self.digest(of: name), address: Self.client(caller.address), Self.limits)
        }
        guard !isCounted else { return }
        try await check(name, from: caller.address)
    }

    /// Makes `address` familiar to the account, once its password was proved; in the transaction of the login.
    static func recordSuccess(of user: Identifier<User>, from address: String?, in store: Store) async throws {
        try await store.rememberLogin(of: user, from: client(address))
    }

    /// Seconds until a password may be tried; nil: it may be now.
    static func wait(_ standing: LoginStanding) -> Int? {
        standing.waitHere ?? (standing.isFamiliar ? nil : standing.waitAnywhere)
    }

    /// All ways to write an e-mail address are one name. What is too long for a name is taken as it is: bringing it into one
    /// form may take long.
    private static func digest(of name: String) -> [UInt8] {
        let isAddress = User.holdsAtSign(name) && name.unicodeScalars.count <= User.longestName
        return NameDigest.of(isAddress ? User.key(of: name) : name)
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
