import Credentials
import Glibc

/// Short directories for sockets: a socket's path holds 107 bytes.
enum RuntimeDirectory {
    /// A directory of this name in the data directory, or, where that path is too long, one under /run or /tmp that is
    /// the same for every start on the same data directory. It is not made here.
    static func path(named name: String, for dataDirectory: String) -> String {
        let preferred = "\(dataDirectory)/\(name)"
        guard preferred.utf8.count > 90 else { return preferred }
        let root = geteuid() == 0 && access("/run", W_OK | X_OK) == 0 ? "/run" : "/tmp"
        return "\(root)/qkron-\(name)-\(geteuid())-\(Fingerprint.of(Array(dataDirectory.utf8)))"
    }

    /// Where executors of root meet a server that is not: outside the data directory, which the server could change.
    /// Also the same for every start on the same data directory.
    static func ofRoot(for dataDirectory: String) -> String {
        let root = access("/run", W_OK | X_OK) == 0 ? "/run/qkron" : "/tmp/qkron-root"
        let plain = dataDirectory.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let name = String(plain.drop { $0 == "-" }.prefix(40))
        return "\(root)/\(name)-\(Fingerprint.of(Array(dataDirectory.utf8)))"
    }
}
