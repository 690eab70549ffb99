import Domain

/// How the engine of one server works.
package struct EngineConfiguration: Sendable {
    /// The most attempts that this server makes at once.
    package let capacity: Int
    /// The most runs of one task beside each other, where its overlap policy is `allow`.
    package let taskCapacity: Int
    /// A server silent for so long has lost its runs.
    package let leaseDuration: Duration
    /// What is taken off a lease, so that what runs under it is dead before it ends.
    package let leaseMargin: Duration
    /// From SIGTERM to SIGKILL.
    package let killGrace: Duration
    /// How long running attempts may go on when the server stops.
    package let shutdownGrace: Duration
    /// Whose command tasks fire.
    package let commandRoles: Set<CommandRole>
    /// No nap of who fires and who claims is longer, so that a lost wake-up only delays.
    package let longestNap: Duration

    /// A configuration; the margin follows from the lease and the kill grace.
    package init(
        capacity: Int, taskCapacity: Int, leaseSeconds: Int, killGrace: Duration, shutdownGrace: Duration,
        commandRoles: Set<CommandRole>, longestNap: Duration = .seconds(10)
    ) {
        self.capacity = capacity
        self.taskCapacity = taskCapacity
        self.leaseDuration = .seconds(leaseSeconds)
        self.leaseMargin = Self.leaseGrace(leaseSeconds: leaseSeconds, killGrace: killGrace) + leaseDuration / 10
        self.killGrace = killGrace
        self.shutdownGrace = shutdownGrace
        self.commandRoles = commandRoles
        self.longestNap = longestNap
    }

    /// How long a run whose lease lapses has between SIGTERM and SIGKILL: at most a quarter of the lease.
    package static func leaseGrace(leaseSeconds: Int, killGrace: Duration) -> Duration {
        min(killGrace, .seconds(leaseSeconds) / 4)
    }
}
