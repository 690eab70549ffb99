import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// Commands are strangers to the server that runs them.
    @Suite struct IsolationStory {
        @Test func `a command is not root, and reads neither the server's environment nor its files`() async throws {
            let server = try Stage.current.server
            let person = try await server.newcomer()
            let serverID = try #require(await server.processID)
            let executor = try await server.executorID()
            let task = try await person.makeTask([
                "max_retries": 0,
                "command": .string(
                    """
                    echo "id=$(id -u)"; echo "groups=$(id -G)"
                    for id in \(serverID) \(executor) $PPID 1; do
                        cat /proc/$id/environ /proc/$id/mem
                        ls -l /proc/$id/fd/
                    done 2>/dev/null | tr '\\0' '\\n' | sed 's/^/stolen: /'
                    find \(server.dataDirectory) -type f -readable 2>/dev/null | sed 's/^/readable: /'
                    kill -0 \(serverID) 2>/dev/null && echo "can signal the server"
                    ls /proc/self/fd | sed 's/^/fd=/'
                    exit 0
                    """),
            ])
            let run = try await person.execution(try await person.execute(task), of: task, is: "completed", "failed")
            let output = run["stdout"].string ?? ""
            let lines = output.split(separator: "\n").map(String.init)
            for secret in [
                QkronServer.secretKey, QkronServer.encryptionKey, "DATABASE_URL", QkronServer.superuser.password,
            ] {
                #expect(!output.contains(secret))
            }
            // The listing itself opens one descriptor.
            #expect(Set(lines.filter { $0.hasPrefix("fd=") }).isSubset(of: ["fd=0", "fd=1", "fd=2", "fd=3"]))
            if getuid() == 0 {
                let nobody = try await Tool(workspace: Stage.current.workspace).run([Tool.find("id"), "-u", "nobody"])
                #expect(lines.contains("id=\(nobody.output.trimmingCharacters(in: .whitespacesAndNewlines))"))
                #expect(!lines.contains { $0.hasPrefix("stolen: ") || $0.hasPrefix("readable: ") })
                #expect(!lines.contains("can signal the server"))
            }
        }

        @Test func `a command cannot reach the private PostgreSQL`() async throws {
            try await Story.tell("reach") { story in
                let server = try await story.server()
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "max_retries": 0,
                    "command": .string(
                        """
                        for socket in $(find \(server.dataDirectory) /tmp /run -name '.s.PGSQL.*' 2>/dev/null | grep -v /pg); do
                            psql -X -h "$(dirname $socket)" -U qkron -d qkron -c 'SELECT 1' && echo REACHED
                        done
                        exit 0
                        """),
                ])
                let run = try await person.execution(
                    try await person.execute(task), of: task, is: "completed", "failed")
                if getuid() == 0 { #expect(run["stdout"].string?.contains("REACHED") == false, "\(run)") }
                #expect(try await server.stop() == .exited(0))
            }
        }
    }
}
