/// How far ahead of their slots the scheduler looks for tasks: as long as it takes from there to their firing, so that
/// they fire at the slot and not so much later.
struct Lookahead {
    /// The longest time that tasks are locked before their slot.
    private static let longest = Duration.milliseconds(5)
    /// For what comes after the preparation: to write the statement down.
    private static let margin = Duration.microseconds(200)

    /// How far it looks: after a while the mean of the latest preparations; at first not ahead.
    private(set) var span = Duration.zero

    /// Notes that a round, which was to begin at one instant, was ready to fire at another.
    mutating func note(from beginning: ContinuousClock.Instant, ready: ContinuousClock.Instant) {
        span = min((span * 3 + (ready - beginning) + Self.margin) / 4, Self.longest)
    }
}
