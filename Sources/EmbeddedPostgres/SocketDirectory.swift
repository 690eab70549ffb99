import Foundation
import SystemPackage
import SystemUsers

/// Where the server's socket lies: a directory that only the server's user (and root) may enter.
struct SocketDirectory: Sendable, Equatable {
    static let port = 5_432
    /// `sockaddr_un.sun_path` holds 108 bytes with the zero at the end.
    static let longestPath = 107

    let path: FilePath

    /// `run` in the data directory, or a short directory elsewhere where that path is too long for a socket or holds
    /// characters that PostgreSQL's settings or libpq's `host` would split or quote.
    init(for data: DataDirectory) {
        let preferred = data.filePath.appending("run")
        path = Self.fits(preferred) ? preferred : Self.fallback(for: data)
    }

    var socket: FilePath { path.appending(".s.PGSQL.\(Self.port)") }
    /// PostgreSQL's own lock of the socket, which begins with its process.
    var lockFile: FilePath { FilePath(socket.string + ".lock") }

    func create(owner: SystemUser) throws {
        try Files.makeDirectory(path, mode: 0o700, owner: owner)
    }

    /// Whether a server listens here.
    func accepts() -> Bool {
        let descriptor = Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socket.string.utf8)
        guard bytes.count <= Self.longestPath else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private static func fits(_ directory: FilePath) -> Bool {
        let plain = directory.string.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return plain && directory.string.utf8.count + "/.s.PGSQL.\(port)".utf8.count <= longestPath
    }

    /// The same for every start on the same directory, so that an orphaned server is found again. Only root writes in
    /// /run; in /tmp the checks of `makeDirectory` refuse what another user put there first.
    private static func fallback(for data: DataDirectory) -> FilePath {
        let root = geteuid() == 0 && access("/run", W_OK | X_OK) == 0 ? "/run" : "/tmp"
        return FilePath(root).appending("qkron-\(geteuid())-\(data.fingerprint)")
    }
}
