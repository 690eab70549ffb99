import Foundation
import Glibc
import Synchronization

/// The directory under /tmp in which everything of one test run lives. Its path is short, since sockets lie in it, and
/// is the mark by which every process of the run is known.
package final class Workspace: Sendable {
    package let root: String
    private let janitor: ChildProcess
    private let lifeline: Int32
    private let counter = Atomic<Int>(0)

    package init() throws {
        var template = Array("/tmp/qke-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        root = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(root, 0o755)
        (janitor, lifeline) = try Self.janitor(of: root)
    }

    /// A fresh directory that every user may write to.
    package func openDirectory(_ name: String) throws -> String {
        let path = self.path(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chmod(path, 0o777)
        return path
    }

    /// A path in the workspace that nobody has used.
    package func path(_ name: String) -> String {
        "\(root)/\(name)\(counter.add(1, ordering: .relaxed).newValue)"
    }

    /// Whether a process is the janitor, who bears the root's name as well.
    package func isJanitor(_ id: Int32) -> Bool { id == janitor.id }

    /// Lets the janitor sweep.
    package func close() async throws {
        Glibc.close(lifeline)
        // It looks at every process of the machine, and removes whole clusters.
        _ = try await janitor.wait(within: .seconds(180))
    }

    /// A shell that waits for the end of the test process, whichever way it comes, then ends whatever bears the root's
    /// name, and removes it with what was mounted in it.
    private static func janitor(of root: String) throws -> (ChildProcess, Int32) {
        let lifelinePath = "\(root)/lifeline"
        guard mkfifo(lifelinePath, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
        // Opened for both, so that neither side waits for the other; closed on exec, so that only this process holds
        // it.
        let lifeline = open(lifelinePath, O_RDWR | O_CLOEXEC)
        let script = """
            cat >/dev/null
            for id in $(grep -lsaF '\(root)' /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d/ -f3); do
                [ $id = $$ ] || kill -9 $id
            done 2>/dev/null
            for place in $(grep -F ' \(root)/' /proc/mounts | cut -d' ' -f2); do umount -l $place; done
            rm -rf '\(root)' /run/qkron/'\(root.dropFirst().replacingOccurrences(of: "/", with: "-"))'-*
            """
        let janitor = try ChildProcess(
            ["/bin/sh", "-c", script], environment: ["PATH": Tool.path], input: lifelinePath,
            output: "/dev/null", error: "/dev/null")
        return (janitor, lifeline)
    }
}
