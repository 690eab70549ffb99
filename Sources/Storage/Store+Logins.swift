import Domain
import Foundation
import Postgres

/// What somebody wants to log in by, and from where: what wrong passwords are counted under.
package struct LoginAttempt: Sendable {
    /// The name itself; nil where no account can have it.
    let login: String?
    /// Of the name.
    let digest: [UInt8]
    let address: String

    /// An attempt from an address.
    ///
    /// - Parameters:
    ///   - login: the name; nil where no account can have it.
    ///   - digest: thirty-two bytes, the same for all ways to write the name.
    package init(login: String?, digest: [UInt8], address: String) {
        self.login = login
        self.digest = digest
        self.address = address
    }

    /// What stands in the place of the account where there is none, so that such a name takes the same work.
    fileprivate var nobody: [UInt8] {
        Array(digest.prefix(16))
    }

    /// The account as wrong passwords are counted under it; shorter than the digest of a name, and so never one.
    fileprivate func account(_ user: Identifier<User>?) -> [UInt8] {
        user.map { withUnsafeBytes(of: $0.uuid.uuid) { Array($0) } } ?? nobody
    }
}

/// How long somebody has to wait before a password may be tried from their address; nil: not at all.
package struct LoginStanding: Sendable, Equatable {
    /// Seconds for this name.
    package let nameWait: Int?
    /// Seconds for the account, by whichever of its names passwords were tried.
    package let accountWait: Int?
}

/// What is known of a name before its password is looked at.
package struct LoginCandidate: Sendable {
    /// The account that logs in by the name, with its password hash; the schema promises that it is one.
    package let account: (user: User, passwordHash: String)?
    package let standing: LoginStanding
}

/// How many wrong passwords of one name or account are let pass within a window.
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

    /// The account that somebody wants to log in to, and how the attempt stands.
    package func loginCandidate(_ attempt: LoginAttempt, _ limits: LoginLimits) async throws -> LoginCandidate {
        let rows = try await read(
            """
            SELECT \(User.columns), u.password_hash, s.name_wait, s.account_wait
            FROM (VALUES (0)) AS always
            LEFT JOIN qkron.users u
                ON u.username = \(attempt.login) OR u.email_key = \(attempt.login.map(User.key(of:)))
            CROSS JOIN LATERAL (
                \(Self.standing(attempt, account: "coalesce(uuid_send(u.id), \(attempt.nobody))", user: "u.id", limits))
            ) AS s
            """)
        return try only(
            try decode(rows) { row in
                let hash = try row.decode("password_hash", as: String?.self)
                return LoginCandidate(
                    account: try hash.map { (try User(row: row), $0) }, standing: try LoginStanding(row: row))
            })
    }

    /// Notes a login and that its address is familiar, if the account is still active under the hash that was proved,
    /// and nobody has to wait by now. Where the account has to wait and the name has not, it counts as a wrong
    /// password.
    ///
    /// - Parameters:
    ///   - success: what the audit log tells of the login.
    ///   - failure: what it tells if there was none, unless the name has to wait.
    /// - Returns: the token generation of the account; nil where there was no login.
    package func recordLogin(
        _ attempt: LoginAttempt, of user: Identifier<User>, provedBy passwordHash: String, _ limits: LoginLimits,
        success: (entry: AuditEntry, caller: Caller), failure: (entry: AuditEntry, caller: Caller)
    ) async throws -> (standing: LoginStanding, tokenGeneration: Int?) {
        let account = attempt.account(user)
        let rows = try await rows(
            """
            WITH standing AS MATERIALIZED (
                \(Self.standing(attempt, account: "\(account)", user: "\(user.uuid)", limits))
            ), noted AS (
                UPDATE qkron.users SET last_login_at = clock_timestamp()
                WHERE id = \(user.uuid) AND password_hash = \(passwordHash) AND is_active
                  AND (SELECT s.name_wait IS NULL AND s.account_wait IS NULL FROM standing s)
                RETURNING id, token_generation
            ), remembered AS (
                \(Self.remembering(attempt.address))
            ), forgotten AS (
                \(Self.forgettingAddresses(of: user, but: attempt.address))
            ), counted AS (
                \(Self.counting(attempt, account, limits,
                    if: "(SELECT s.name_wait IS NULL AND s.account_wait IS NOT NULL FROM standing s)"))
            ), told AS (
                \(Self.writing([success])) WHERE EXISTS (SELECT FROM noted)
            ), failure_told AS (
                \(Self.writing([failure]))
                WHERE NOT EXISTS (SELECT FROM noted) AND (SELECT s.name_wait IS NULL FROM standing s)
            )
            SELECT s.name_wait, s.account_wait, n.token_generation FROM standing s LEFT JOIN noted n ON true
            """)
        return try only(
            try decode(rows) { row in
                (try LoginStanding(row: row), try row.decode("token_generation", as: Int?.self))
            })
    }

    /// Counts a wrong password and writes it down; false if others at the same time have used up what the name was let
    /// from this address.
    ///
    /// - Parameter user: whose name it is; nil where no account has it.
    package func recordLoginFailure(
        _ attempt: LoginAttempt, of user: Identifier<User>?, _ limits: LoginLimits, _ entry: AuditEntry,
        by caller: Caller
    ) async throws -> Bool {
        let account = attempt.account(user)
        // What is counted is locked before the rest is swept, which waits for no lock: so no two wait for each other.
        return try await one(
            """
            WITH counted AS (
                \(Self.counting(attempt, account, limits, if: "true"))
            ), swept AS (
                DELETE FROM qkron.login_failures
                WHERE (SELECT count(*) FROM counted) >= 0 AND (name_digest, address) IN (
                    SELECT name_digest, address FROM qkron.login_failures
                    WHERE last_at < clock_timestamp() - make_interval(secs => \(Double(limits.seconds)))
                      AND NOT (name_digest IN (\(attempt.digest), \(account)) AND address = \(attempt.address))
                    ORDER BY last_at LIMIT \(Self.sweep) FOR UPDATE SKIP LOCKED)
            ), told AS (
                \(Self.writing([(entry, caller)]))
            )
            SELECT count(*) > 0 AS value FROM counted c WHERE c.name_digest = \(attempt.digest)
            """)
    }
}

extension Store {
    /// How a name and an account stand: as long as the address itself has to wait, or all do that are not familiar.
    private static func standing(
        _ attempt: LoginAttempt, account: SQL, user: SQL, _ limits: LoginLimits
    ) -> SQL {
        """
        WITH recent AS MATERIALIZED (
            SELECT f.name_digest = \(attempt.digest) AS is_name, f.address = \(attempt.address) AS is_here,
                   ceil(extract(epoch FROM t.at + \(window(limits)) - clock_timestamp()))::bigint AS wait
            FROM qkron.login_failures f CROSS JOIN unnest(f.failed_at) AS t (at)
            WHERE f.name_digest IN (\(attempt.digest), \(account)) AND t.at > clock_timestamp() - \(window(limits))
        ), stranger AS MATERIALIZED (
            SELECT NOT EXISTS (
                SELECT FROM qkron.login_addresses a
                WHERE a.user_id = \(user) AND a.address = \(attempt.address)
                  AND a.last_at > clock_timestamp() - make_interval(days => \(Int32(familiarDays)))) AS waits
        )
        SELECT coalesce(\(wait(limits.perAddress, "r.is_name AND r.is_here")),
                        \(wait(limits.inAll, "r.is_name AND (SELECT waits FROM stranger)"))) AS name_wait,
               coalesce(\(wait(limits.perAddress, "NOT r.is_name AND r.is_here")),
                        \(wait(limits.inAll, "NOT r.is_name AND (SELECT waits FROM stranger)"))) AS account_wait
        """
    }

    /// Seconds until one of so many failures that are meant is forgotten; null where there are fewer.
    private static func wait(_ limit: Int, _ isMeant: SQL) -> SQL {
        "(SELECT r.wait FROM recent r WHERE \(isMeant) ORDER BY r.wait DESC OFFSET \(limit - 1) LIMIT 1)"
    }

    private static func window(_ limits: LoginLimits) -> SQL {
        "make_interval(secs => \(Double(limits.seconds)))"
    }

    /// Counts under the name, then under the account: all lock in this order. Rows are locked before they are looked
    /// at, so of failures at the same time each sees those before it.
    private static func counting(
        _ attempt: LoginAttempt, _ account: [UInt8], _ limits: LoginLimits, if condition: SQL
    ) -> SQL {
        let recent: SQL = """
            ARRAY(SELECT t.at FROM unnest(f.failed_at) AS t (at) WHERE t.at > clock_timestamp() - \(window(limits)))
            """
        return """
            INSERT INTO qkron.login_failures AS f (name_digest, address, failed_at)
            SELECT k.counted, \(attempt.address), ARRAY[clock_timestamp()]
            FROM (VALUES (1, \(attempt.digest)), (2, \(account))) AS k (place, counted)
            WHERE \(condition)
            ORDER BY k.place
            ON CONFLICT (name_digest, address) DO UPDATE
            SET failed_at = \(recent) || clock_timestamp(), last_at = clock_timestamp()
            WHERE cardinality(\(recent)) < \(limits.perAddress)
            RETURNING f.name_digest
            """
    }

    /// Makes an address familiar to whom `noted` names; written once an hour, however often one logs in.
    private static func remembering(_ address: String) -> SQL {
        """
        INSERT INTO qkron.login_addresses AS a (user_id, address)
        SELECT id, \(address) FROM noted
        ON CONFLICT (user_id, address) DO UPDATE SET last_at = clock_timestamp()
        WHERE a.last_at < clock_timestamp() - interval '1 hour'
        RETURNING user_id
        """
    }

    /// Bounds the addresses of whom `remembered` names; the one that was just written is not seen yet.
    private static func forgettingAddresses(of user: Identifier<User>, but address: String) -> SQL {
        """
        DELETE FROM qkron.login_addresses
        WHERE user_id IN (SELECT user_id FROM remembered) AND address <> \(address) AND address NOT IN (
            SELECT address FROM qkron.login_addresses
            WHERE user_id = \(user.uuid) AND address <> \(address)
              AND last_at > clock_timestamp() - make_interval(days => \(Int32(familiarDays)))
            ORDER BY last_at DESC LIMIT \(familiarAddresses - 1))
        """
    }
}

extension LoginStanding {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(nameWait: try row.decode("name_wait"), accountWait: try row.decode("account_wait"))
    }
}
