import CLinux
import Foundation
import Glibc

/// The launcher: a small process of root beside a server that has given root up. It does five things when the server
/// asks, and nothing else: find, start and kill executors at the places of one directory, end what killed executors
/// left, and become the program on disk. Where that directory is, who the server is and as whom commands may run is
/// said by root at its start. It ends when the server's end of the socket closes; executors go on.
package struct LauncherProcess {
    /// Its end of the socket.
    private static let socket = STDIN_FILENO
    private static let longestGrace = Duration.seconds(300)

    private let host: OwnHost
    private let words: [String]
    private let places: [ExecutorPlace]
    /// Where its program lies; another one there is another version.
    private let path: String
    private let program = ProgramIdentity.of("/proc/self/exe")
    private let lock: LauncherLock

    /// Serves the server at the other end of standard input until that closes.
    ///
    /// Blocks, and wants a process of its own with one thread. `words` are the directory of the executors and three
    /// that spell the terms. Returns the exit code: 0, or 1 where it could not start, or was sent what no server sends;
    /// it writes to standard error only then.
    package static func run(_ words: [String]) -> Int32 {
        for signal in [SIGPIPE, SIGINT, SIGHUP, SIGTERM] { _ = Glibc.signal(signal, SIG_IGN) }
        Glibc.signal(SIGCHLD, SIG_DFL)
        umask(0o077)
        // Started as /proc/self/exe it would be called "exe".
        _ = qkron_set_process_name("qkron-launcher")
        ProcessProtection.becomeSubreaper()
        ProcessProtection.makeUndumpable()
        do {
            let launcher = try LauncherProcess(words)
            try launcher.serve()
            return 0
        } catch {
            let line = Array("qkron launcher: \(error)\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
            return 1
        }
    }

    private init(_ words: [String]) throws {
        guard let directory = words.first, let terms = ExecutorTerms(words: Array(words.dropFirst())) else {
            throw ExecutorError(description: "its arguments cannot be read")
        }
        self.words = words
        host = OwnHost(directory: directory, executable: "/proc/self/exe", arguments: ["executor"], terms: terms)
        places = ExecutorDirectory.places(in: directory)
        path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        try host.prepare()
        // In this order: an earlier launcher could start another executor.
        lock = try LauncherLock(in: directory)
        try EarlierExecutors(host: host, terms: terms).end()
    }

    private func serve() throws {
        var incoming = FrameBuffer(longest: LauncherLimits.longestFrame)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LauncherLimits.longestFrame, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            while let (kind, fields) = try incoming.next() {
                try obey(LauncherOrder(kind: kind, fields: fields))
            }
            // Executors that have ended, and what came to us when they died.
            while waitpid(-1, nil, WNOHANG) > 0 {}
            guard awaitReadable(Self.socket, for: .seconds(1)) else { continue }
            let count = read(Self.socket, buffer.baseAddress, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return }
            incoming.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func obey(_ order: LauncherOrder) throws {
        switch order {
        case .hello:
            try answer(
                .hello(version: LauncherVersion.current, pid: getpid(), program: program, words: words))
        case .renew:
            try answer(.done)
            renew()
        case .find(let number):
            let place = try place(number)
            try answer { .process(try host.holder(of: place)) }
        case .start(let number):
            let place = try place(number)
            try answer {
                guard try host.holder(of: place) == 0 else { throw ExecutorError(description: "the place is taken") }
                let child = try host.start(at: place)
                close(child.pidfd)
                return .process(child.pid)
            }
        case .kill(let number, let pid):
            kill(pid, at: try place(number))
            try answer(.done)
        case .endLeftovers(let grace, let runs):
            let bounded = min(max(grace, .zero), Self.longestGrace)
            let survivors = host.endLeftovers(of: runs, grace: bounded)
            try answer(.ended(survivors: runs.map { UInt32(clamping: survivors[$0.mark] ?? 0) }))
        }
    }

    private func place(_ number: UInt8) throws -> ExecutorPlace {
        guard places.indices.contains(Int(number)) else { throw WireError(description: "there is no place \(number)") }
        return places[Int(number)]
    }

    /// Kills the process if it is one of root that holds the place: nobody else could lock the file.
    private func kill(_ pid: pid_t, at place: ExecutorPlace) {
        let pidfd = qkron_pidfd_open(pid)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        // Asked once the process cannot be mistaken for a later one. What cannot be asked has no executor.
        guard pid > 1, (try? host.holder(of: place)) == pid, ProcessTable.user(of: pid) == geteuid() else { return }
        host.kill(pid, pidfd: pidfd, at: place)
    }

    /// Becomes the program on disk: the file that is looked at, whatever is put in its place meanwhile. One that is not
    /// root's, that others may write to or that is a link is not taken; then, and where it cannot be executed, this one
    /// goes on.
    private func renew() {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let opened = "/proc/self/fd/\(file)"
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0, ProgramIdentity.of(opened) != program
        else { return }
        Spawn.withCStrings([path, "launcher"] + words) { arguments in
            Spawn.withCStrings(OwnHost.environment) { environment in
                // Only a change that fails returns.
                _ = qkron_replace_program(opened, arguments, environment, [lock.descriptor], 1)
                _ = fcntl(lock.descriptor, F_SETFD, FD_CLOEXEC)
            }
        }
    }

    /// Answers what the body finds, or why it could not be found.
    private func answer(_ body: () throws -> LauncherAnswer) throws {
        let found: LauncherAnswer
        do { found = try body() } catch { found = .failed("\(error)") }
        try answer(found)
    }

    private func answer(_ answer: LauncherAnswer) throws {
        var writer = FrameWriter()
        answer.encode(into: &writer)
        try SocketIO.send(writer.bytes, over: Self.socket)
    }
}
