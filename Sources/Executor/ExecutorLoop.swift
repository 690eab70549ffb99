import CLinux
import Glibc

/// The one thread of the executor: waits for the server, the commands, their output and the clock, and obeys.
final class ExecutorLoop {
    static let lockCall = "lock"
    /// How long it waits for a server to say hello.
    private static let patience = Duration.seconds(15)

    /// Keys below those of runs, whose numbers start at `firstRun`.
    enum Key {
        static let listener: UInt64 = 1
        static let termination: UInt64 = 2
        static let timer: UInt64 = 3
        static let firstRun: UInt64 = 1 << 20
    }

    /// What a run's key, four times its number, has added to it.
    enum Source: UInt64 {
        case exit, output, error
    }

    var poller: Poller
    let place: ExecutorPlace
    /// What root has said where the server has fewer rights than this process; nil: it has the same.
    let terms: ExecutorTerms?
    let program: String
    let openFiles: UInt64
    let emptyInput: Int32
    let ownPID = getpid()
    /// The signals that every command is to find as usual; this process changes none of them later.
    let changedSignals: UInt64
    /// Whether every command bears its mark: none may raise a limit that we were started under.
    let canTrustMarks = ProcessTable.lockLimit(of: getpid()) == .unlimited
    var runs: [UInt64: CommandRun] = [:]
    /// The runs of which it was not yet known how they began.
    var beginning: [UInt64] = []
    /// How runs ended that no server has settled yet: the one at hand may die before it has recorded them.
    var unsettled: [UInt64: EndedOutput] = [:]
    /// The runs among them whose output is too much to be sent before the server asks for it.
    var heldBack: Set<UInt64> = []
    var reports = ReportQueue()
    var server: ServerPeer?
    var nextPeerKey: UInt64 = 16
    /// Set once all runs are to end and no more may start.
    var isLeaving = false
    /// Set once no more may start, and the end of the last one is the end.
    var isRetiring = false
    /// The latest lease of any run: without a server nothing is left to wait for after it.
    var latestDeadline = BoottimeInstant(nanoseconds: 0)
    /// How long a tree has from SIGTERM to SIGKILL, as the latest server said.
    var killGrace = Duration.zero
    /// The same where the lease has lapsed.
    var leaseGrace = Duration.zero
    var nextLook: BoottimeInstant?
    var lookPause = Duration.zero
    var nextSweep: BoottimeInstant
    var leavesAt: BoottimeInstant
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    private let listener: Int32
    private let timer: Int32
    private let termination: Int32
    private let lock: Int32

    init(at place: ExecutorPlace, terms: ExecutorTerms?, openFiles: UInt64) throws {
        self.place = place
        self.terms = terms
        program = ExecutorTerms.program(ProgramIdentity.of("/proc/self/exe"), terms)
        self.openFiles = openFiles
        poller = try Poller()
        lock = try place.openLock()
        _ = try SystemCallError.check(Self.lockCall, qkron_lock(lock))
        // Left behind by an executor that was killed; nobody else can listen while the lock is ours.
        unlink(place.socketPath)
        listener = try SystemCallError.check("listen", qkron_listen(place.socketPath))
        if let terms, lchown(place.socketPath, terms.server, gid_t.max) != 0 {
            throw SystemCallError(call: "give \(place.socketPath) to the server", error: errno)
        }
        timer = try SystemCallError.check("timerfd_create", qkron_timer_create())
        termination = try SystemCallError.check("SIGTERM", qkron_termination_eventfd())
        changedSignals = qkron_changed_signals()
        emptyInput = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard emptyInput > 2 else { throw SystemCallError(call: "open /dev/null", error: errno) }
        nextSweep = BoottimeInstant.now
        leavesAt = BoottimeInstant.now.advanced(by: Self.patience)
        try poller.add(listener, key: Key.listener)
        try poller.add(timer, key: Key.timer)
        try poller.add(termination, key: Key.termination)
    }

    deinit {
        buffer.deallocate()
    }

    /// Serves until there is nothing left to do.
    func run() throws {
        obeyClock(at: .now)
        while !isDone {
            for event in try poller.wait() { handle(event) }
            obeyClock(at: .now)
            flushReports()
        }
        // Before the lock goes: whoever waits for it makes a socket of that name.
        unlink(place.socketPath)
    }

    private var isDone: Bool {
        guard runs.isEmpty else { return false }
        if isRetiring, unsettled.isEmpty { return true }
        guard isLeaving else { return false }
        return server == nil || (reports.isEmpty && heldBack.isEmpty) || leavesAt <= .now
    }

    private func handle(_ event: qkron_event) {
        switch event.key {
        case Key.listener: acceptServer(on: listener)
        case Key.termination:
            acknowledge(termination)
            // A server that lives has heard the same signal, and says itself when the runs are to end.
            if server == nil { leave(because: .shutdown) }
        case Key.timer: acknowledge(timer)
        case server?.key:
            if event.is_readable != 0 { hearServer() }
        default:
            guard let source = Source(rawValue: event.key & 3), let run = runs[event.key >> 2] else { return }
            switch source {
            case .exit: shellEnded(run)
            case .output: readOutput(of: run, \.output)
            case .error: readOutput(of: run, \.error)
            }
        }
    }

    /// Makes a counter unreadable until it counts on.
    private func acknowledge(_ counter: Int32) {
        var count: UInt64 = 0
        _ = read(counter, &count, 8)
    }

    /// Does everything that is due and sets the timer to what comes next.
    private func obeyClock(at now: BoottimeInstant) {
        if let nextDue, nextDue > now { return }
        for run in runs.values {
            if let due = run.due, due <= now { obeyClock(run, at: now) }
        }
        if let nextLook, nextLook <= now { lookAtTrees() }
        if nextSweep <= now { reapOrphans(at: now) }
        if server == nil, leavesAt <= now { isLeaving = true }
        rearm()
    }

    private var nextDue: BoottimeInstant?

    /// Makes sure that the clock is looked at by then.
    func wake(at instant: BoottimeInstant) {
        if let nextDue, nextDue <= instant { return }
        nextDue = instant
        _ = qkron_timer_set(timer, max(instant.nanoseconds, 1))
    }

    private func rearm() {
        nextDue = nil
        let dues =
            runs.values.compactMap(\.due)
            + [nextLook, nextSweep, server == nil || isLeaving ? leavesAt : nil]
            .compactMap { $0 }
        if let next = dues.min() { wake(at: next) }
    }
}
