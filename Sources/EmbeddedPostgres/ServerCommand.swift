import Foundation
import Subprocess
import SystemPackage
import SystemUsers

/// One of PostgreSQL's programs, run as the server's user, in a session of its own (a Ctrl-C at the terminal is for
/// qkron, which then stops the server in good order), and without a word of qkron's environment.
struct ServerCommand {
    static let environment: [Environment.Key: String] = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]

    let program: FilePath
    let arguments: [String]
    let user: SystemUser

    private var groupList: String {
        user.groups.map(String.init).joined(separator: ",")
    }

    /// Runs the program to its end; the answer is what it printed, on either stream, and whether it succeeded.
    func run(input: String = "") async throws -> (isSuccess: Bool, output: String) {
        var options = PlatformOptions()
        options.createSession = true
        // setpriv changes the user: between fork and exec of a program with threads glibc's setgroups waits for threads
        // that the child does not have, now and then for ever.
        let isRoot = geteuid() == 0
        let identity = [
            "--reuid=\(user.uid)", "--regid=\(user.gid)", "--groups=\(groupList)", "--", program.string,
        ]
        let result = try await Subprocess.run(
            .path(isRoot ? "/usr/bin/setpriv" : program),
            arguments: Arguments(isRoot ? identity + arguments : arguments), environment: .custom(Self.environment),
            workingDirectory: "/", platformOptions: options, input: .string(input), output: .string(limit: 1 << 20),
            error: .combinedWithOutput)
        return (result.terminationStatus.isSuccess, result.standardOutput)
    }
}
