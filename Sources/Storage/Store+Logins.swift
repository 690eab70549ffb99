import Domain
import Postgres

/// How a name stands that somebody wants to log in by, from one address.
package struct LoginStanding: Sendable, Equatable {
    /// Seconds until a password may be tried from this address; nil: it may be now.
    package let waitHere: Int?
    /// Seconds until one may be tried from an address that is not familiar; nil: it may be now.
    package let waitAnywhere: Int?
    /// Whether the account was logged in to from this address lately.
    package let isFamiliar: Bool

    /// A standing of these parts.
    package init(waitHere: Int?, waitAnywhere: Int?, isFamiliar: Bool) {
        self.waitHere = waitHere
        self.waitAnywhere = waitAnywhere
        self.isFamiliar = isFamiliar
    }
}

/// How many wrong passwords of one name are let pass within a window.
package struct LoginLimits: Sendable {
    package let seconds: Int
    package let perAddress: Int
    package let inAll: Int

    /// So many within so many seconds.
    package init(seconds: Int, perAddress: Int, inAll: Int) {
        self.seconds = seconds
        self.perAddress = perAddress
        self.inAll = inAll
    }
}

extension Store {
    /// Days for which an address stays familiar, and how many addresses of one account do.
    private static let familiarDays = 30
    private static let familiarAddresses = 100
    /// Forgotten rows are taken away so many at a time: more than are added.
    private static let sweep = 20

    /// How a name stands.
    ///
    /// - Parameters:
    ///   - digest: of the name.
    ///   - login: the name itself; nil where no account can have it.
    package func loginStanding(
        digest: [UInt8], login: String?, address: String, _ limits: LoginLimits
    ) async throws -> LoginStanding {
        let wait: SQL = """
            ceil(extract(epoch FROM r.at + make_interval(secs => \(Double(limits.seconds))) - clock_timestamp()))::bigint
            """
        let rows = try await read(
            """
            WITH recent AS MATERIALIZED (
                SELECT f.address, t.at FROM qkron.login_failures f CROSS JOIN unnest(f.failed_at) AS t (at)
                WHERE f.name_digest = \(digest)
                  AND t.at > clock_timestamp() - make_interval(secs => \(Double(limits.seconds)))
            )
            SELECT (SELECT \(wait) FROM recent r WHERE r.address = \(address)
                    ORDER BY r.at DESC OFFSET \(limits.perAddress - 1) LIMIT 1) AS here,
                   (SELECT \(wait) FROM recent r ORDER BY r.at DESC OFFSET \(limits.inAll - 1) LIMIT 1) AS anywhere,
                   EXISTS (
                       SELECT FROM qkron.login_addresses a JOIN qkron.users u ON u.id = a.user_id
                       WHERE (u.username = \(login) OR u.email_key = \(login.map(User.key(of:))))
                         AND a.address = \(address)
                         AND a.last_at > clock_timestamp() - make_interval(days => \(Int32(Self.familiarDays)))
                   ) AS is_familiar
            """)
        return try only(
            try decode(rows) { row in
                LoginStanding(
                    waitHere: try row.decode("here"), waitAnywhere: try row.decode("anywhere"),
                    isFamiliar: try row.decode("is_familiar"))
            })
    }

    /// Counts a wrong password; false if others at the same time have used up what the address was let.
    package func recordLoginFailure(digest: [UInt8], address: String, _ limits: LoginLimits) async throws -> Bool {
        let recent: SQL = """
            ARRAY(SELECT t.at FROM unnest(f.failed_at) AS t (at)
                  WHERE t.at > clock_timestamp() - make_interval(secs => \(Double(limits.seconds))))
            """
        // The row is locked before it is looked at, so of failures at the same time each sees those before it.
        let counted = try await change(
            """
            INSERT INTO qkron.login_failures AS f (name_digest, address, failed_at)
            VALUES (\(digest), \(address), ARRAY[clock_timestamp()])
            ON CONFLICT (name_digest, address) DO UPDATE
            SET failed_at = \(recent) || clock_timestamp(), last_at = clock_timestamp()
            WHERE cardinality(\(recent)) < \(limits.perAddress)
            """)
        try await change(
            """
            DELETE FROM qkron.login_failures WHERE (name_digest, address) IN (
                SELECT name_digest, address FROM qkron.login_failures
                WHERE last_at < clock_timestamp() - make_interval(secs => \(Double(limits.seconds)))
                ORDER BY last_at LIMIT \(Self.sweep) FOR UPDATE SKIP LOCKED)
            """)
        return counted > 0
    }

    /// Makes an address familiar, from which an account was just logged in to.
    package func rememberLogin(of user: Identifier<User>, from address: String) async throws {
        // Written once an hour, however often one logs in.
        let changed = try await change(
            """
            INSERT INTO qkron.login_addresses AS a (user_id, address)
            SELECT u.id, \(address) FROM qkron.users u WHERE u.id = \(user.uuid) FOR KEY SHARE
            ON CONFLICT (user_id, address) DO UPDATE SET last_at = clock_timestamp()
            WHERE a.last_at < clock_timestamp() - interval '1 hour'
            """)
        guard changed > 0 else { return }
        try await change(
            """
            DELETE FROM qkron.login_addresses
            WHERE user_id = \(user.uuid) AND address NOT IN (
                SELECT address FROM qkron.login_addresses
                WHERE user_id = \(user.uuid)
                  AND last_at > clock_timestamp() - make_interval(days => \(Int32(Self.familiarDays)))
                ORDER BY last_at DESC LIMIT \(Self.familiarAddresses))
            """)
    }
}
