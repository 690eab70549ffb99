import CLinux
import Foundation
import Glibc
import Synchronization

/// The server's side of its launcher. One order at a time; all calls block.
package final class LauncherClient: ExecutorHost, Sendable {
    /// How long an answer may take, beside the grace that leftovers get.
    private static let patience = Duration.seconds(60)

    /// The server's end of the socket: whoever inherits it has the launcher.
    package let descriptor: Int32
    /// What root has said when the launcher was started.
    package let terms: ExecutorTerms
    let directory: String
    let program: String
    private let pid: pid_t
    private let onLoss: @Sendable (String) -> Never
    private let turn = Mutex(())

    /// Starts a launcher, which has the rights that this process has now.
    ///
    /// - Parameters:
    ///   - directory: where executors are found. Only root may change it, or it is made.
    ///   - onLoss: told why when the launcher is needed and does not answer. Without it nothing can be known of what
    ///     runs.
    package static func start(
        directory: String, _ terms: ExecutorTerms, arguments: [String] = ["launcher"],
        executablePath: String = "/proc/self/exe", onLoss: @escaping @Sendable (String) -> Never
    ) throws -> LauncherClient {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemCallError(call: "socketpair", error: errno) }
        do {
            let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
            // Before anything is asked: a launcher that cannot start shows by the end of the socket.
            defer {
                close(ends[1])
                close(nothing)
            }
            guard ends.allSatisfy({ $0 > 2 }), nothing > 2 else {
                throw ExecutorError(description: "standard input, output or error is closed")
            }
            let child = try Spawn(
                path: executablePath,
                arguments: [CommandLine.arguments.first ?? executablePath] + arguments + [directory] + terms.words,
                environment: OwnHost.environment, descriptors: (ends[1], nothing, STDERR_FILENO)
            ).start()
            close(child.pidfd)
        } catch {
            close(ends[0])
            throw ExecutorError(description: "the launcher does not start: \(error)")
        }
        return try LauncherClient(descriptor: ends[0], onLoss: onLoss)
    }

    /// The launcher that an earlier server in this process left. It becomes the program of this one.
    ///
    /// Takes over the descriptor.
    package init(descriptor: Int32, onLoss: @escaping @Sendable (String) -> Never) throws {
        do {
            let own = ProgramIdentity.of("/proc/self/exe")
            var greeting = try Greeting(from: descriptor)
            if greeting.program != own {
                _ = try Self.ask(.renew, over: descriptor, within: Self.patience)
                greeting = try Greeting(from: descriptor)
            }
            guard greeting.version == LauncherVersion.current, let directory = greeting.words.first,
                let terms = ExecutorTerms(words: Array(greeting.words.dropFirst()))
            else {
                throw ExecutorError(description: "the launcher is of another version, and does not become this one")
            }
            self.directory = directory
            self.terms = terms
            pid = greeting.pid
            program = ExecutorTerms.program(greeting.program, terms)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.onLoss = onLoss
    }

    /// Whether the launcher has ended: executors go on, and none can be started.
    package var isGone: Bool {
        var watched = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&watched, 1, 0) > 0 && Int32(watched.revents) & (POLLHUP | POLLERR) != 0
    }

    /// Lets the system forget the launcher once it has ended, if it is a child of this process.
    func reap() {
        waitpid(pid, nil, WNOHANG)
    }

    /// Lets the launcher end, and waits until it has; executors go on. Nothing may be asked of it any more.
    package func end() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        let pidfd = qkron_pidfd_open(pid)
        guard pidfd >= 0 else { return }
        if awaitReadable(pidfd, for: .seconds(5)) { reap() }
        close(pidfd)
    }

    // MARK: - ExecutorHost

    func prepare() throws {}

    func holder(of place: ExecutorPlace) throws -> pid_t {
        guard case .process(let pid) = try ask(.find(place: number(of: place))) else { throw Self.surprise }
        return pid
    }

    func start(at place: ExecutorPlace) throws -> Spawn.Child {
        guard case .process(let pid) = try ask(.start(place: number(of: place))) else { throw Self.surprise }
        let pidfd = qkron_pidfd_open(pid)
        guard pidfd >= 0 else { throw ExecutorError(description: "the executor ended as soon as it was started") }
        return Spawn.Child(pid: pid, pidfd: pidfd)
    }

    func kill(_ pid: pid_t, pidfd: Int32, at place: ExecutorPlace) {
        // It never fails: an executor that is not there needs not be killed.
        _ = try? ask(.kill(place: number(of: place), pid: pid))
    }

    func endLeftovers(of runs: [RunKey], grace: Duration) -> [RunMark: Int] {
        var survivors: [RunMark: Int] = [:]
        for start in stride(from: 0, to: runs.count, by: LauncherLimits.mostRuns) {
            let some = Array(runs[start..<min(start + LauncherLimits.mostRuns, runs.count)])
            guard case .ended(let left)? = try? ask(.endLeftovers(grace: grace, some), for: grace) else {
                onLoss("the launcher does not say what became of the processes of commands")
            }
            for (run, count) in zip(some, left) where count > 0 { survivors[run.mark] = Int(count) }
        }
        return survivors
    }

    // MARK: - Conversation

    /// What the launcher says of itself.
    private struct Greeting {
        let version: UInt16
        let pid: pid_t
        let program: String
        let words: [String]

        init(from socket: Int32) throws {
            guard
                case .hello(let version, let pid, let program, let words) = try ask(
                    .hello, over: socket, within: patience)
            else { throw surprise }
            (self.version, self.pid, self.program, self.words) = (version, pid, program, words)
        }
    }

    private static let surprise = ExecutorError(description: "the launcher answers something else")

    private func number(of place: ExecutorPlace) throws -> UInt8 {
        guard let number = ExecutorDirectory.places(in: directory).firstIndex(of: place) else {
            throw ExecutorError(description: "\(place.path) is no place of the launcher")
        }
        return UInt8(number)
    }

    /// The answer to an order.
    ///
    /// - Throws: why it could not be done, as the launcher says.
    private func ask(_ order: LauncherOrder, for grace: Duration = .zero) throws -> LauncherAnswer {
        let answer = turn.withLock { _ in
            do {
                return try Self.ask(order, over: descriptor, within: Self.patience + grace)
            } catch {
                onLoss("\(error)")
            }
        }
        if case .failed(let why) = answer { throw ExecutorError(description: why) }
        return answer
    }

    private static func ask(
        _ order: LauncherOrder, over socket: Int32, within patience: Duration
    ) throws -> LauncherAnswer {
        var writer = FrameWriter()
        order.encode(into: &writer)
        try SocketIO.send(writer.bytes, over: socket)
        let header = try SocketIO.receive(4, from: socket, within: patience, "the launcher")
        let length = try FrameReader.length(of: header[...], atMost: LauncherLimits.longestFrame)
        let frame = try SocketIO.receive(length, from: socket, within: patience, "the launcher")
        return try LauncherAnswer(kind: frame[0], fields: frame[1...])
    }
}
