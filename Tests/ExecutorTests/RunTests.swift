import Foundation
import Glibc
import SystemUsers
import Testing

@testable import Executor

@Suite struct RunTests {
    @Test func `a command's exit code and output are reported`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: request("echo out; echo err >&2; exit 7"))
            #expect(result.ending == .exited(7))
            #expect(result.stdout.text == "out\n")
            #expect(result.stdout.total == 4)
            #expect(!result.stdout.isTruncated)
            #expect(result.stderr.text == "err\n")
            #expect(result.survivors == 0)
            #expect(result.duration > .zero)
        }
    }

    @Test func `a command's signal is reported`() async throws {
        try await withExecutor { client in
            #expect(await client.result(of: request("kill -9 $$")).ending == .signaled(9))
            #expect(await client.result(of: request("kill -SEGV $$")).ending == .signaled(11))
        }
    }

    @Test func `a missing working directory is no start`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: request("echo never", directory: "/nonexistent"))
            #expect(result.ending == .spawnFailed("working directory: No such file or directory"))
        }
    }

    @Test func `without a working directory it starts at home or at the root`() async throws {
        try await withExecutor { client in
            var homeless = request("pwd", directory: nil)
            homeless.environment["HOME"] = "/nonexistent"
            #expect(await client.result(of: homeless).stdout.text == "/\n")
            homeless.environment["HOME"] = "/usr/lib"
            #expect(await client.result(of: homeless).stdout.text == "/usr/lib\n")
        }
    }

    @Test func `a command gets its environment and nothing else`() async throws {
        try await withExecutor { client in
            let id = UUID()
            let result = await client.result(
                of:
                    request("env | sort | grep -v -e ^_= -e ^PWD= -e ^OLDPWD= -e ^SHLVL=", id: id))
            #expect(
                result.stdout.text == """
                    PATH=/usr/bin:/bin
                    QKRON_EXECUTION_ID=\(id.uuidString.lowercased())
                    QKRON_FENCING_TOKEN=1

                    """)
        }
    }

    @Test func `a command gets its own session, three descriptors, and default signals`() async throws {
        try await withExecutor { client in
            let result = await client.result(
                of:
                    request(
                        """
                        test "$(cut -d' ' -f6 /proc/$$/stat)" = $$ && test "$(cut -d' ' -f5 /proc/$$/stat)" = $$ && echo session
                        ls /proc/self/fd
                        readlink /proc/$$/fd/0
                        grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\t' | tr '\\n' ' '
                        grep NoNewPrivs /proc/$$/status | tr -d '\\t'
                        umask
                        """))
            // 3 is the directory that ls itself reads.
            #expect(
                result.stdout.text == """
                    session
                    0
                    1
                    2
                    3
                    /dev/null
                    SigBlk:0000000000000000 SigIgn:0000000000000000 NoNewPrivs:1
                    0022

                    """)
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a command of another user has only that user's rights`() async throws {
        try await withExecutor { client in
            let executor = try #require(client.processID)
            let command = """
                id -u > /dev/stdout; id -g; id -G; grep CapEff /proc/self/status | tr -d '\\t'
                cat /proc/\(executor)/environ; kill -9 \(executor); cd /root
                """
            let result = await client.result(of: request(command, user: "nobody"))
            let nobody = try #require(SystemUser.lookup("nobody"))
            let groups = nobody.groups.map(String.init).joined(separator: " ")
            #expect(
                result.stdout.text == "\(nobody.uid)\n\(nobody.gid)\n\(groups)\nCapEff:0000000000000000\n")
            #expect(result.stderr.text.contains("Permission denied"))
            #expect(result.ending != .exited(0))
            #expect(client.processID == executor)
            // Its tree is known and ended like any other, whoever owns it.
            let sleep = uniqueSleep()
            let tree = request(
                "(env -i setsid \(sleep) &); \(sleep)", user: "nobody", timeout: .milliseconds(300))
            #expect(await client.result(of: tree).ending == .timedOut)
            #expect(processes(with: sleep) == [])
        }
    }

    @Test func `an unknown user is no start`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: request("true", user: "no-such-user"))
            #expect(result.ending == .spawnFailed("there is no system user no-such-user"))
        }
    }

    @Test func `text that no program can be given is no start`() async throws {
        try await withExecutor { client in
            #expect(
                await client.result(of: request("echo \0")).ending
                    == .spawnFailed("a NUL in its text: Invalid argument"))
            let long = request(": " + String(repeating: "x", count: 200_000))
            #expect(await client.result(of: long).ending == .spawnFailed("program: Argument list too long"))
        }
    }

    @Test func `five hundred commands at once all end`() async throws {
        try await withExecutor { client in
            let began = ContinuousClock.now
            let texts = await withTaskGroup(of: String.self, returning: Set<String>.self) { group in
                for number in 0..<500 {
                    group.addTask { await client.result(of: request("echo \(number)")).stdout.text }
                }
                return await group.reduce(into: []) { $0.insert($1) }
            }
            #expect(texts == Set((0..<500).map { "\($0)\n" }))
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            print("500 commands: \(Int(500 / seconds)) per second")
        }
    }

    @Test func `the dead do not pile up`() async throws {
        try await withExecutor { client in
            let executor = try #require(client.processID)
            for _ in 0..<20 {
                _ = await client.result(of: request("for i in 1 2 3 4 5; do (setsid sleep 0.05 &); done"))
            }
            try await eventually("an executor without children") {
                ProcessTable().processes.values.allSatisfy { $0.parent != executor }
            }
        }
    }
}
