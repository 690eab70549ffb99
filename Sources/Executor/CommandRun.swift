import CLinux
import Glibc

/// A command that the executor started and has not yet reported.
final class CommandRun {
    /// Where a run stands.
    enum Phase {
        case running
        /// The shell has ended by itself; its output may still come for a moment.
        case draining(EndedRun.Cause, until: BoottimeInstant)
        /// Its tree is being ended.
        case ending(EndedRun.Cause, TreeEnding)
    }

    let number: UInt64
    let key: RunKey
    let tree: TreeIdentity
    let pid: pid_t
    let pidfd: Int32
    let startedAt: BoottimeInstant
    let timesOutAt: BoottimeInstant
    var deadline: BoottimeInstant
    var phase = Phase.running
    /// Whether the loop is to be told of the shell's end.
    var isExitWatched = true
    private var isReaped = false
    /// Nil once it is known how the shell began. What survives SIGKILL before that keeps the memory that it uses.
    private var beginning: CommandBeginning?
    private var failure: SpawnError?
    var output: CapturedPipe
    var error: CapturedPipe

    init(
        _ order: RunOrder, child: Spawn.Child, _ beginning: CommandBeginning, output: Int32, error: Int32,
        at now: BoottimeInstant
    ) {
        self.beginning = beginning
        number = order.run
        key = order.key
        tree = TreeIdentity(mark: order.key.mark, leader: child.pid)
        pid = child.pid
        pidfd = child.pidfd
        startedAt = now
        timesOutAt = now.advanced(by: order.timeout)
        deadline = order.deadline
        let secrets = order.secrets
        self.output = CapturedPipe(descriptor: output, limit: Int(order.outputLimit), secrets: secrets)
        self.error = CapturedPipe(descriptor: error, limit: Int(order.outputLimit), secrets: secrets)
    }

    /// When something must happen to it even if nothing comes from outside.
    var due: BoottimeInstant? {
        switch phase {
        case .running: min(timesOutAt, deadline)
        case .draining(_, let until): until
        case .ending: nil
        }
    }

    /// Whether it is known by now how the shell began; lets go of what that took.
    func noteBeginning() -> Bool {
        switch beginning?.outcome() {
        case nil: return beginning == nil
        case .begun: break
        case .failed(let error): failure = error
        }
        beginning = nil
        return true
    }

    /// How the shell ended by itself, or that it never began; nil while it lives, and once it was reaped. Left unreaped
    /// it keeps its pid from being used again.
    func shellEnd(reaps: Bool) -> EndedRun.Cause? {
        guard !isReaped else { return nil }
        var code: Int32 = 0
        var status: Int32 = 0
        guard qkron_child_status(pidfd, reaps ? 1 : 0, &code, &status) == 1 else { return nil }
        isReaped = reaps
        if noteBeginning(), let failure { return .spawnFailed("\(failure)") }
        return code == Int32(CLD_EXITED) ? .exited(status) : .signaled(status)
    }
}

/// The reading end of a command's stream, and what came out of it.
struct CapturedPipe {
    private(set) var descriptor: Int32?
    private(set) var window: OutputWindow
    private var mask: OutputMask?

    init(descriptor: Int32, limit: Int, secrets: SecretPatterns?) {
        self.descriptor = descriptor
        window = OutputWindow(limit: limit)
        mask = secrets.map(OutputMask.init)
    }

    /// Reads what is there, at most about as much as asked; false at the end of the stream.
    mutating func read(atMost limit: Int, through buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let descriptor else { return false }
        var taken = 0
        while taken < limit {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                taken += count
            } else if count == 0 {
                return false
            } else if errno != EINTR {
                return errno == EAGAIN
            }
        }
        return true
    }

    /// Forgets the descriptor and hands it over to be closed: nothing follows.
    mutating func takeDescriptor() -> Int32? {
        mask?.finish(into: &window)
        defer { descriptor = nil }
        return descriptor
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard mask != nil else { return window.append(bytes) }
        mask?.append(bytes, into: &window)
    }
}
