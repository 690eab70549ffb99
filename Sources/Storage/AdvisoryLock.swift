import Postgres

/// The locks that the servers of a database hold against each other, each until its transaction ends.
enum AdvisoryLock {
    /// Whoever changes what depends on what.
    case dependencies
    /// Whoever fires, together with all others who do; whoever begins or ends a pause of all firing, alone.
    case firing
    /// Whoever prunes.
    case pruning

    /// Any number that no other lock of qkron has. Servers of the version before take the same, so that they and those
    /// of the next meet in it while both are at work: it never changes.
    private var key: SQL {
        switch self {
        case .dependencies: "hashtext('qkron.dependencies')"
        case .firing: "hashtextextended('qkron.firing', 0)"
        case .pruning: "\(0x716b_726f_6e70)"
        }
    }

    /// Waits until nobody else has it, and keeps it alone.
    var taking: SQL { "SELECT pg_advisory_xact_lock(\(key))" }

    /// Waits until nobody has it alone, and keeps it together with others.
    var sharing: SQL { "SELECT pg_advisory_xact_lock_shared(\(key))" }

    /// Keeps it alone if nobody else has it; `value` tells whether.
    var trying: SQL { "SELECT pg_try_advisory_xact_lock(\(key)) AS value" }
}
