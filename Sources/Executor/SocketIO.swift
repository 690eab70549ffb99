import Glibc

/// Blocking transfers over a stream socket, whole messages at a time.
enum SocketIO {
    /// Sends all of it.
    static func send(_ bytes: [UInt8], over socket: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemCallError(call: "send", error: errno) }
            sent += count
        }
    }

    /// Receives exactly so many bytes, each of which may take that long to come.
    ///
    /// - Parameter peer: what the other side is called in errors.
    static func receive(_ count: Int, from socket: Int32, within patience: Duration, _ peer: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            guard awaitReadable(socket, for: patience) else {
                throw ExecutorError(description: "\(peer) does not answer")
            }
            let more = bytes.withUnsafeMutableBytes {
                read(socket, $0.baseAddress?.advanced(by: received), count - received)
            }
            if more < 0, errno == EAGAIN || errno == EINTR { continue }
            guard more > 0 else { throw ExecutorError(description: "\(peer) hung up") }
            received += more
        }
        return bytes
    }
}
