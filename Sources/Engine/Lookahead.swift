/// How far ahead of their slots the scheduler looks for tasks: as long as it takes from there to their firing, so that
/// they fire at the slot and not so much later.
struct Lookahead {
    /// The longest time that tasks are locked before their slot.
    private static let longest = Duration.milliseconds(5)
    /// For what comes after the preparation: to write the statement down.
    private static let margin = Duration.microseconds(200)

    private var preparation = Duration.zero
    private var isAble = true

    /// How far it looks: after a while the mean of the latest preparations, and a little more; at first not ahead. One
    /// that could not start all lets other servers go first: they may have room.
    var span: Duration { isAble ? preparation : .zero }

    /// Notes that a round, which was to begin at one instant, was ready to fire at another.
    mutating func note(from beginning: ContinuousClock.Instant, ready: ContinuousClock.Instant) {
        preparation = min((preparation * 3 + (ready - beginning) + Self.margin) / 4, Self.longest)
    }

    /// Notes how many of the runs that could start here did.
    mutating func note(started: Int, of startable: Int) {
        if startable > 0 { isAble = started == startable }
    }
}
