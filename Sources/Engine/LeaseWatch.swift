import Storage

/// Tells which nodes are dead: the database says that the lease has lapsed, and this server's own clock says that the
/// node has not stirred for a whole lease. The second check keeps a clock that was stepped from costing anybody's runs.
///
/// Each term of this server's own lease begins the watch anew: while the database was away nobody could stir, and those
/// that ended runs meanwhile must have the time to say so.
struct LeaseWatch {
    private struct Observation {
        let epoch: Int
        let heartbeat: Int
        let since: ContinuousClock.Instant
    }

    private var observations: [NodeSighting.ID: Observation] = [:]
    private var term: NodeLease.Term?

    /// The nodes among `sightings` whose leases have lapsed, as watched up to `now`.
    ///
    /// - Parameter term: that of the watcher's own lease.
    mutating func lapsed(
        among sightings: [NodeSighting], at now: ContinuousClock.Instant, in term: NodeLease.Term?
    ) -> [NodeSighting] {
        if term != self.term { observations = [:] }
        self.term = term
        observations = Dictionary(
            uniqueKeysWithValues: sightings.map { node in
                if let seen = observations[node.id], seen.epoch == node.epoch, seen.heartbeat == node.heartbeat {
                    return (node.id, seen)
                }
                return (node.id, Observation(epoch: node.epoch, heartbeat: node.heartbeat, since: now))
            })
        return sightings.filter { node in
            guard node.hasLapsed, let seen = observations[node.id] else { return false }
            return now - seen.since >= .seconds(node.leaseSeconds)
        }
    }
}
