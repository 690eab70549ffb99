import Executor
import Glibc
import SystemUsers

/// Which system user a server becomes that root has started.
enum ServerUser {
    /// Who is taken unless somebody is named, in this order.
    private static let usual = ["qkron", "postgres"]

    /// The user that is configured; else whoever has worked on the data directory; else `qkron`, else `postgres`, which
    /// the package of PostgreSQL brings. Nil where it is to stay root.
    ///
    /// - Parameter earlier: the user id of whoever has worked on the data directory, if that was not root.
    /// - Throws: `ServerUserError` where there is none.
    static func choose(_ configured: String?, earlier: UInt32?) throws -> SystemUser? {
        if let configured {
            guard let user = SystemUser.lookup(configured) else { throw ServerUserError.unknown(configured) }
            return user.uid == 0 ? nil : user
        }
        if let earlier {
            guard let user = SystemUser.lookup(earlier) else { throw ServerUserError.unknown(String(earlier)) }
            return user
        }
        guard let user = usual.lazy.compactMap(SystemUser.lookup).first else { throw ServerUserError.nobody }
        return user
    }

    /// Refuses another user than this process's own, which is not root and can become nobody else.
    static func checkOwn(_ configured: String?) throws {
        guard let configured, SystemUser.lookup(configured)?.uid != geteuid() else { return }
        throw ServerUserError.notRoot(configured)
    }
}

/// Why the server has no user to become; each description is a sentence for the person at the terminal.
enum ServerUserError: Error, CustomStringConvertible {
    case unknown(String)
    case nobody
    case notRoot(String)

    var description: String {
        switch self {
        case .unknown(let name):
            "The server cannot become the user '\(name)': this system has no such user. Set SERVER_USER."
        case .nobody:
            """
            Started by root, the server gives root up and becomes a user of its own, but this system has neither 'qkron' \
            nor 'postgres'. Make one with 'useradd --system --shell /usr/sbin/nologin qkron', or name one in SERVER_USER.
            """
        case .notRoot(let name):
            "SERVER_USER names '\(name)': only a server that root has started can become another user."
        }
    }
}
