import CLibPQ
import Foundation

/// How to reach a database, and how patient to be with it. Its description never shows the password.
package struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// A libpq connection URL or `key=value` string; hosts in a row and `target_session_attrs` are understood.
    package var url: String
    /// How many connections the pool opens at most.
    package var poolSize: Int
    /// How long to wait for a free connection, and, without `outagePatience`, for each host to answer.
    package var connectTimeout: Duration
    /// How long callers of the pool wait for a server that is away, counted from when that was found out, before they
    /// are turned away at once, and how long each host may take to answer; nil: each as long as for a free connection.
    package var outagePatience: Duration?
    /// How long one statement may take; the server ends it then. It waits as long for the next one in a transaction,
    /// and then ends the session: nobody waits for ever for what a stopped or vanished client has locked.
    package var statementTimeout: Duration
    /// What the server shows as the name of the client, unless the URL says another.
    package var applicationName: String
    /// Whether statements find their rows by ordered indexes wherever one fits, by one plan for whatever parameters,
    /// kept for a while: for those that do so by design, and that the statistics of a table that was empty a moment ago
    /// would mislead.
    package var prefersIndexes = false
    /// What makes statements so. To plan a short one costs as much as to run it.
    static let preferringIndexes = [
        "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_bitmapscan": "off",
    ]

    /// Checks nothing; `validate` does.
    package init(
        url: String, poolSize: Int = 10, connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration = .seconds(30), applicationName: String = "qkron"
    ) {
        self.url = url
        self.poolSize = poolSize
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.applicationName = applicationName
    }

    /// Which database, as whom; never a password.
    package var description: String {
        // Nothing of a URL that cannot be read may show.
        guard let options = try? options() else { return "a database URL that cannot be read" }
        let place = "\(options["host"] ?? "local"):\(options["port"] ?? "5432")"
        return "\(place)/\(options["dbname"] ?? "") as \(options["user"] ?? "the system user")"
    }

    /// The same.
    package var debugDescription: String { description }

    /// Throws `.invalidParameter` when libpq could not read the URL, without repeating any of it.
    package func validate() throws(PostgresError) {
        _ = try options()
    }

    /// How long an attempt to connect may take before the server counts as away: the patience, and what libpq gives the
    /// hosts before the last one, which may say nothing; nil where all of that is libpq's.
    var attemptLimit: Duration? {
        guard let outagePatience else { return nil }
        // An attempt with a URL that cannot be read ends at once.
        let options = (try? options()) ?? [:]
        let earlierHosts = (options["hostaddr"] ?? options["host"] ?? "").count { $0 == "," }
        let ownTimeout = options["connect_timeout"].flatMap { Int($0) } ?? 0
        return outagePatience + .seconds(ownTimeout > 0 ? ownTimeout : hostTimeout) * earlierHosts
    }

    /// After how many seconds libpq turns from a silent host to the next one, unless the URL says it; not less than 2,
    /// or it might not wait at all.
    var hostTimeout: Int { max(2, (outagePatience ?? connectTimeout).wholeMilliseconds / 1000) }

    /// The parameters of `PQconnectdbParams`; what comes later wins.
    func connectionParameters() throws(PostgresError) -> [(String, String)] {
        try validate()
        return [
            ("connect_timeout", String(hostTimeout)),
            ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            ("dbname", url),
            ("client_encoding", "UTF8"),
            // Whatever the URL calls itself: by this a server is known to be alive.
            ("application_name", applicationName),
        ]
    }

    /// What every session begins with.
    var sessionSettings: String {
        let patience = max(1, statementTimeout.wholeMilliseconds)
        let settings = [
            "TimeZone TO 'UTC'", "statement_timeout TO \(patience)",
            "idle_in_transaction_session_timeout TO \(patience)",
            // Nothing here runs for so long that it were worth compiling.
            "jit TO off",
        ]
        let indexes = prefersIndexes ? Self.preferringIndexes.map { "\($0) TO \($1)" } : []
        return (settings + indexes).map { "SET \($0)" }.joined(separator: "; ")
    }

    private func options() throws(PostgresError) -> [String: String] {
        if url.contains("\0") || hasStrayAtSign {
            throw PostgresError(
                .invalidParameter,
                "The database URL cannot be read: special characters in user name and password must be percent-encoded."
            )
        }
        // A plain word is the name of a database, as for psql.
        guard url.contains("=") || url.contains("://") else { return ["dbname": url] }
        guard let parsed = PQconninfoParse(url, nil) else {
            // libpq's own message may quote a piece of the password.
            throw PostgresError(.invalidParameter, "The database URL cannot be read.")
        }
        defer { PQconninfoFree(parsed) }
        var options: [String: String] = [:]
        var next = parsed
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return options
    }

    /// A raw `@` or `/` in the password would move a piece of it into the host name, and so into messages.
    private var hasStrayAtSign: Bool {
        guard let scheme = url.range(of: "://") else { return false }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" }
        let signs = url.count { $0 == "@" }
        return signs > 1 || (signs == 1 && !authority.contains("@"))
    }
}

extension Duration {
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
