import Credentials
import Domain
import Foundation
import Logging
import Operations

/// Makes the first superuser at a start that finds none.
enum FirstSuperuser {
    /// Makes the one that is configured; else, on a private cluster, `admin` with a random password, which is written
    /// once to standard output and never logged. Elsewhere nobody is made, and a warning says how to.
    ///
    /// - Throws: `FirstSuperuserError` if an ordinary account has the name or the e-mail address; every fault of a
    ///   configured account.
    static func ensure(
        _ configured: Configuration.FirstSuperuser?, isPrivate: Bool, users: UserOperations, logger: Logger
    ) async throws {
        guard try await !users.hasSuperuser() else { return }
        if let configured {
            let account = NewAccount(
                email: configured.email, username: configured.username, password: configured.password)
            _ = try await make(account, users: users)
        } else if isPrivate {
            let password = RandomText.password()
            let account = NewAccount(email: "admin@localhost.localdomain", username: "admin", password: password)
            guard try await make(account, users: users) else { return }
            StandardOutput.announce(
                "First start: log in as 'admin' with the password '\(password)'. It is not shown again.",
                to: STDOUT_FILENO)
        } else {
            logger.warning(
                """
                There is no superuser: make one with 'qkron user create NAME --email ADDRESS --superuser', or set \
                SUPERUSER_USERNAME, _EMAIL and _PASSWORD and start again
                """)
        }
    }

    /// False where another server has made a superuser meanwhile.
    private static func make(_ account: NewAccount, users: UserOperations) async throws -> Bool {
        do {
            _ = try await users.create(account, role: .superuser)
            return true
        } catch OperationError.refused(let refusal, _) where [.usernameTaken, .emailTaken].contains(refusal) {
            guard try await users.hasSuperuser() else { throw FirstSuperuserError(username: account.username) }
            return false
        }
    }
}

/// An ordinary account stands where the first superuser should be made.
struct FirstSuperuserError: Error, CustomStringConvertible {
    let username: String

    var description: String {
        """
        There is no active superuser, and '\(username)' cannot be made one: another account has this username or its \
        e-mail address. Set SUPERUSER_USERNAME and SUPERUSER_EMAIL to others, or make a superuser with 'qkron user \
        create NAME --email ADDRESS --superuser'.
        """
    }
}
