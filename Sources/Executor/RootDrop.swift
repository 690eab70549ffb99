import CLinux
import Glibc
import SystemUsers

/// Gives up root.
package enum RootDrop {
    /// Becomes the user in all threads and for good, with the user's groups, no capability, and `no_new_privs`; and
    /// undumpable.
    ///
    /// To be called on the first thread of the process while that lives: one that is about to end is not changed, and
    /// shows as the process's user.
    /// - Throws: `RootDropError` where anything of root would be left. The process must not go on then.
    package static func become(_ user: SystemUser) throws {
        // Who is in root's group besides is no better than root.
        let groups = user.groups.filter { $0 != 0 }
        let outcome = groups.withUnsafeBufferPointer {
            qkron_become(user.uid, user.gid, $0.baseAddress, $0.count)
        }
        guard outcome >= 0 else {
            throw RootDropError(user: user.name, reason: String(cString: strerror(-outcome)))
        }
        for thread in ProcFile.numbers(in: "/proc/self/task") {
            // One that has ended meanwhile has no rights.
            guard let status = ProcFile.read("/proc/self/task/\(thread)/status"), !status.isEmpty else { continue }
            if let left = remains(in: status, user) {
                throw RootDropError(user: user.name, reason: "a thread still has \(left)")
            }
        }
    }

    /// What a thread has that the user has not; nil: nothing.
    static func remains(in status: [UInt8], _ user: SystemUser) -> String? {
        let expected: [(name: String, values: Set<String>)] = [
            ("Uid", [String(user.uid)]), ("Gid", [String(user.gid)]), ("Groups", Set(user.groups.map(String.init))),
            ("CapPrm", ["0000000000000000"]), ("CapEff", ["0000000000000000"]), ("NoNewPrivs", ["1"]),
        ]
        for (name, values) in expected {
            guard let words = ProcFile.words(of: name, in: status) else { return "no line \(name)" }
            if !values.isSuperset(of: words) { return "\(name) \(Set(words).sorted().joined(separator: " "))" }
        }
        return nil
    }
}

/// Root cannot be given up.
package struct RootDropError: Error, CustomStringConvertible {
    let user: String
    let reason: String

    /// One sentence for a person.
    package var description: String {
        """
        The server cannot give root up and become '\(user)' (\(reason)). Let it change users (CAP_SETUID, CAP_SETGID), \
        start it as that user, or say SERVER_USER=root.
        """
    }
}
