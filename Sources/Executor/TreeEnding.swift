import Glibc

/// How the end of one tree proceeds: SIGTERM, a grace, SIGKILL, and looks at the processes until none is left.
struct TreeEnding {
    /// How long SIGKILL is given before what is left is called a survivor.
    static let patience = Duration.seconds(10)

    let killsAt: BoottimeInstant
    private var warned: Set<ProcessEntry.ID> = []
    private(set) var emptyLooks = 0
    /// How many processes the last look found.
    private(set) var remaining = 0

    init(killsAt: BoottimeInstant) {
        self.killsAt = killsAt
    }

    /// Signals the members that a look found; true once the end is reached.
    ///
    /// A process that forks during a look can hide its child, so only four looks in a row that find nobody count.
    mutating func advance(_ members: [ProcessEntry], at now: BoottimeInstant) -> Bool {
        remaining = members.count
        guard !members.isEmpty else {
            emptyLooks += 1
            return emptyLooks >= 4
        }
        emptyLooks = 0
        if now >= killsAt {
            for member in members { member.signal(SIGKILL) }
            return now >= killsAt.advanced(by: Self.patience)
        }
        for member in members where warned.insert(member.id).inserted {
            member.signal(SIGTERM)
            // A stopped process would sleep through the warning.
            member.signal(SIGCONT)
        }
        return false
    }
}
