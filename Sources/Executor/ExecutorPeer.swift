import CLinux
import Glibc

/// An executor that has said hello to us. All calls block, so they belong on a thread of their own.
struct ExecutorPeer: Sendable {
    let place: ExecutorPlace
    let pid: pid_t
    let pidfd: Int32
    let socket: Int32
    let greeting: ExecutorGreeting

    /// Says hello over a new connection to the executor of this process.
    ///
    /// Takes over the pidfd; throws, having closed it, where the executor does not answer as one.
    init(at place: ExecutorPlace, pid: pid_t, pidfd: Int32, _ configuration: ExecutorConfiguration) throws {
        do {
            let socket = try Self.connect(to: place, pidfd: pidfd)
            do {
                greeting = try Self.greet(socket, configuration)
            } catch {
                close(socket)
                throw error
            }
            self.socket = socket
        } catch {
            close(pidfd)
            throw error
        }
        self.place = place
        self.pid = pid
        self.pidfd = pidfd
    }

    /// Waits for its exit, at most so long, then kills it; reaps it where it is our child.
    func bury(after patience: Duration, by host: any ExecutorHost) {
        if !awaitReadable(pidfd, for: patience) { host.kill(pid, pidfd: pidfd, at: place) }
        Self.reap(pidfd)
        close(pidfd)
    }

    static func reap(_ pidfd: Int32) {
        var code: Int32 = 0
        var status: Int32 = 0
        _ = awaitReadable(pidfd, for: .seconds(30))
        _ = qkron_child_status(pidfd, 1, &code, &status)
    }

    private static func connect(to place: ExecutorPlace, pidfd: Int32) throws -> Int32 {
        let deadline = BoottimeInstant.now.advanced(by: .seconds(10))
        while true {
            let socket = qkron_connect(place.socketPath)
            if socket >= 0 { return socket }
            // Also the pause until it listens.
            if awaitReadable(pidfd, for: .milliseconds(3)) {
                throw ExecutorError(description: "the executor ended as soon as it was called")
            }
            guard BoottimeInstant.now < deadline else {
                throw SystemCallError(call: "connect to the executor", error: -socket)
            }
        }
    }

    private static func greet(_ socket: Int32, _ configuration: ExecutorConfiguration) throws -> ExecutorGreeting {
        var writer = FrameWriter()
        ExecutorOrder.hello(
            version: WireVersion.current, killGrace: configuration.killGrace, leaseGrace: configuration.leaseGrace
        ).encode(into: &writer)
        guard send(socket, writer.bytes, writer.bytes.count, Int32(MSG_NOSIGNAL)) == writer.bytes.count else {
            throw SystemCallError(call: "send to the executor", error: errno)
        }
        // Byte by byte up to the end of the greeting: what follows it is the connection's to read.
        func receive(_ count: Int) throws -> [UInt8] {
            try SocketIO.receive(count, from: socket, within: .seconds(10), "the executor")
        }
        let frame = try receive(FrameReader.length(of: receive(4)[...]))
        guard let kind = frame.first, case .hello(let greeting) = try ExecutorReport(kind: kind, fields: frame[1...])
        else { throw ExecutorError(description: "the executor does not say hello") }
        return greeting
    }
}
