import Credentials
import Domain
import Foundation
import Operations

/// Makes the first superuser at a start that finds none.
enum FirstSuperuser {
    /// Makes the one that is configured; else, on a private cluster, `admin` with a random password, which is shown once
    /// at the terminal and never logged.
    static func ensure(_ configured: Configuration.FirstSuperuser?, isPrivate: Bool, users: UserOperations) async throws
    {
        guard try await !users.hasSuperuser() else { return }
        if let configured {
            let account = NewAccount(
                email: configured.email, username: configured.username, password: configured.password)
            _ = try await users.create(account, role: .superuser)
        } else if isPrivate {
            let password = RandomText.password()
            let account = NewAccount(email: "admin@localhost.localdomain", username: "admin", password: password)
            _ = try await users.create(account, role: .superuser)
            StandardOutput.write(
                line: "First start: log in as 'admin' with the password '\(password)'. It is not shown again.")
        }
    }
}
