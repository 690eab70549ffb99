import EmbeddedPostgres
import Foundation
import Glibc
import Server

/// What a server leaves to the one that replaces it in the same process: open descriptors, named in the environment.
struct Inheritance: Codable {
    private static let variable = "QKRON_HANDOVER"

    /// Bears the lock of the data directory.
    let lock: Int32
    /// The server's end of its launcher's socket.
    let launcher: Int32?
    let listener: Int32?
    let connections: [Int32]
    /// The address that the listener was opened for.
    let host: String
    let port: Int
    /// Whether the server was told to stop while it was being replaced.
    let mustStop: Bool

    /// What a server of this configuration leaves.
    init(lock: Int32, launcher: Int32?, _ sockets: OpenSockets?, of configuration: Configuration, mustStop: Bool) {
        self.lock = lock
        self.launcher = launcher
        listener = sockets?.listener
        connections = sockets?.connections ?? []
        host = configuration.host
        port = configuration.port
        self.mustStop = mustStop
    }

    /// What an earlier server of this process left; nil where there was none. Nobody else finds it after that.
    static func take() -> Inheritance? {
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
        unsetenv(variable)
        // Made by nobody but an earlier server: what is not readable was not meant for us.
        guard let inheritance = try? JSONDecoder().decode(Inheritance.self, from: Data(text.utf8)) else { return nil }
        for descriptor in inheritance.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return inheritance
    }

    /// The entry of the environment that names it.
    var environmentEntry: String {
        get throws {
            "\(Self.variable)=\(String(decoding: try JSONEncoder().encode(self), as: UTF8.self))"
        }
    }

    /// All that must stay open.
    var descriptors: [Int32] {
        [lock] + [launcher, listener].compactMap(\.self) + connections
    }

    /// The sockets, as far as they fit an address; the others are closed.
    func sockets(for configuration: Configuration) -> OpenSockets? {
        guard let listener, host == configuration.host, port == configuration.port else {
            for descriptor in descriptors where descriptor != lock && descriptor != launcher { close(descriptor) }
            return nil
        }
        return OpenSockets(listener: listener, connections: connections)
    }

    /// The lock of a data directory: the inherited one if it is this directory's, else a new one.
    static func lock(_ directory: DataDirectory, inheriting inheritance: Inheritance?) throws -> DirectoryLock {
        guard let descriptor = inheritance?.lock else { return try directory.lock() }
        do {
            return try DirectoryLock(inherited: descriptor, of: directory)
        } catch EmbeddedPostgresError.directoryInUse {
            return try directory.lock()
        }
    }
}
