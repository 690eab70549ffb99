import Credentials
import Domain
import Foundation
import Storage

/// What may be asked by those who are not, or not yet, known: register, log in, show a token.
package struct SessionOperations: Sendable {
    private let database: Database
    private let accounts: AccountRules
    private let throttle: LoginThrottle
    private let signer: TokenSigner
    private let tokenLifetime: Int
    private let registrationIsOpen: Bool
    private let remembered: RememberedCallers

    /// Operations on sessions.
    ///
    /// - Parameters:
    ///   - tokenLifetime: seconds that a token is good for.
    ///   - remembered: shared with all operations that change what somebody may do.
    package init(
        database: Database, accounts: AccountRules, signer: TokenSigner, tokenLifetime: Int, registrationIsOpen: Bool,
        remembered: RememberedCallers
    ) {
        self.remembered = remembered
        self.database = database
        self.accounts = accounts
        throttle = LoginThrottle(database: database)
        self.signer = signer
        self.tokenLifetime = tokenLifetime
        self.registrationIsOpen = registrationIsOpen
    }

    /// Makes an account with the role `user`.
    ///
    /// - Throws: `registrationClosed`, `emailTaken`, `usernameTaken`, or every fault of the input.
    package func register(_ account: NewAccount, as caller: Caller) async throws -> User {
        try checkMayRegister()
        return try await accounts.create(account, in: database) { user in
            (.creation(of: user, "auth.register"), caller.known(as: user))
        }
    }

    /// Whether anybody may make an account here, before what they sent is looked at.
    ///
    /// - Throws: `registrationClosed`.
    package func checkMayRegister() throws {
        guard registrationIsOpen else {
            throw OperationError.refused(
                .registrationClosed, "Registration is closed. Ask an administrator for an account.")
        }
    }

    /// Trades a name, username or e-mail, and its password for a token.
    ///
    /// - Throws: `invalidCredentials`, `accountInactive`, `tooManyAttempts`.
    package func logIn(name: String, password: String, now: Date, as caller: Caller) async throws -> IssuedToken {
        let candidate = try await throttle.candidate(name, from: caller.address)
        // An unknown name costs the same time: the hasher then proves against a made-up hash. No connection is held.
        let isRight = try await accounts.hasher.verify(password, against: candidate.account?.passwordHash)
        guard let (user, hash) = candidate.account, isRight, candidate.standing.accountWait == nil else {
            try await throttle.recordFailure(name, of: candidate.account?.user.id, as: caller)
            throw OperationError.wrongLogin
        }
        let generation = try await throttle.recordLogin(name, of: user, provedBy: hash, as: caller)
        guard let generation else { throw user.isActive ? OperationError.wrongLogin : .inactive }
        try await renewHash(of: user.id, password, provedBy: hash)
        let issued = signer.token(for: user.id.uuid, generation: generation, now: now, lifetime: tokenLifetime)
        return IssuedToken(text: issued.token, lifetime: tokenLifetime)
    }

    /// Gives a hash of another cost than the configured one up for a new one, now that its password is known.
    private func renewHash(
        of user: Identifier<User>, _ password: String, provedBy hash: String
    ) async throws {
        guard !accounts.hasher.isCurrent(hash) else { return }
        do {
            let renewed = try await accounts.hasher.hash(password)
            try await database.store.renewPasswordHash(of: user, provedBy: hash, with: renewed)
        } catch PasswordError.overloaded {
            // Others wait for their logins; the next one of this account will do.
        }
    }

    /// The account that a token speaks for.
    ///
    /// - Throws: `invalidToken`, `tokenExpired`, `tokenRevoked`, `accountInactive`.
    package func user(bearing token: String, now: Date) async throws -> User {
        let credential = RememberedCallers.Credential.token(TextKey(token))
        if let user = remembered.principal(showing: credential, now: now)?.account { return user }
        let claims: TokenClaims
        do {
            claims = try signer.verify(token, now: now)
        } catch {
            switch error {
            case .expired: throw OperationError.refused(.tokenExpired, "The token has expired. Log in again.")
            case .invalid: throw OperationError.refused(.invalidToken, "The token is not valid.")
            }
        }
        let asked = ContinuousClock.now
        guard let (user, generation) = try await database.store.user(Identifier(claims.subject)) else {
            throw OperationError.revoked
        }
        guard user.isActive else { throw OperationError.inactive }
        guard claims.generation == generation else {
            throw OperationError.revoked
        }
        remembered.remember(.user(user), showing: credential, expiresAt: claims.expiresAt, lookedUpAt: asked)
        return user
    }
}

/// A token, and the seconds that it is good for.
package struct IssuedToken: Sendable {
    package let text: String
    package let lifetime: Int
}

extension OperationError {
    static let revoked = OperationError.refused(.tokenRevoked, "The token has been revoked. Log in again.")
    static let wrongLogin = OperationError.refused(.invalidCredentials, "Incorrect username or password")
    static let inactive = OperationError.refused(.accountInactive, "This account is disabled.")
}
