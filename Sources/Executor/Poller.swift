import CLinux
import Glibc

/// A system call that failed.
struct SystemCallError: Error, CustomStringConvertible {
    let call: String
    let error: Int32

    var description: String {
        "\(call): \(String(cString: strerror(error)))"
    }

    /// The value, or the error of a call that answers with its negated errno.
    static func check(_ call: String, _ answer: Int32) throws -> Int32 {
        guard answer >= 0 else { throw SystemCallError(call: call, error: -answer) }
        return answer
    }
}

/// Waits for descriptors, each known by a key that is never used again, so that a stale event hits nobody.
struct Poller: ~Copyable {
    private let epoll: Int32
    private var events = [qkron_event](repeating: qkron_event(), count: 256)

    init() throws {
        epoll = try SystemCallError.check("epoll_create", qkron_epoll_create())
    }

    deinit {
        close(epoll)
    }

    func add(_ descriptor: Int32, key: UInt64) throws {
        _ = try SystemCallError.check("epoll_ctl", qkron_epoll_add(epoll, descriptor, key))
    }

    func watchWriting(_ descriptor: Int32, key: UInt64, watches: Bool) {
        _ = qkron_epoll_watch_writing(epoll, descriptor, key, watches ? 1 : 0)
    }

    /// To be called before the descriptor is closed: a child that was just made may hold it open, and it stays watched.
    func remove(_ descriptor: Int32) {
        _ = qkron_epoll_remove(epoll, descriptor)
    }

    /// The events that are there, waiting for the first one.
    mutating func wait() throws -> ArraySlice<qkron_event> {
        let count = events.withUnsafeMutableBufferPointer {
            qkron_epoll_wait(epoll, $0.baseAddress, Int32($0.count))
        }
        if count == -EINTR { return [] }
        return events[..<Int(try SystemCallError.check("epoll_wait", count))]
    }
}

/// Whether the descriptor becomes readable within the time; a pidfd does when its process ends.
func awaitReadable(_ descriptor: Int32, for duration: Duration) -> Bool {
    let deadline = BoottimeInstant.now.advanced(by: duration)
    while true {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = max(BoottimeInstant.now.duration(to: deadline).nanoseconds / 1_000_000, 0)
        let count = poll(&watched, 1, Int32(clamping: left))
        if count > 0 { return true }
        if count == 0 || errno != EINTR { return false }
    }
}
