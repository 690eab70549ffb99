import Foundation
import Glibc
import Testing

@testable import Executor

@Suite struct LimitTests {
    private func limited(
        _ command: String, user: String? = nil, _ set: (inout RunLimits) -> Void
    ) -> RunRequest {
        var request = request(command, user: user)
        set(&request.limits)
        return request
    }

    @Test func `a command that takes more processor time than it may is ended`() async throws {
        try await withExecutor { client in
            let result = await client.result(of: limited("while :; do :; done") { $0.cpuSeconds = 1 })
            #expect(result.ending == .signaled(Int(SIGXCPU)))
            let stubborn = limited("trap '' XCPU; while :; do :; done") { $0.cpuSeconds = 1 }
            #expect(await client.result(of: stubborn).ending == .signaled(Int(SIGKILL)))
        }
    }

    @Test func `a command gets no more memory than it may`() async throws {
        try await withExecutor { client in
            // tail keeps the last line, which never ends.
            let greedy = "head -c 200000000 /dev/zero | tail -n 1 | wc -c"
            let result = await client.result(of: limited(greedy) { $0.memoryBytes = 64 << 20 })
            #expect(result.stderr.text.contains("memory exhausted"))
            #expect(await client.result(of: request(greedy)).stdout.text == "200000000\n")
            let least = await client.result(of: limited("ulimit -v; ulimit -Hv") { $0.memoryBytes = 16 << 20 })
            #expect(least.stdout.text == "16384\n16384\n")
        }
    }

    @Test func `a command opens no more files than it may`() async throws {
        try await withExecutor { client in
            let open = "for i in 3 4 5 6 7 8 9; do eval \"exec $i</dev/null\"; done; ulimit -n 100 || ulimit -n"
            let result = await client.result(of: limited(open) { $0.openFiles = 16 })
            #expect(result.stdout.text == "16\n")
            let many = "python3 -c 'print(len([open(\"/dev/null\") for _ in range(100)]))'"
            #expect(
                await client.result(of: limited(many) { $0.openFiles = 16 }).stderr.text.contains("Too many open files")
            )
            #expect(await client.result(of: limited(many) { $0.openFiles = 200 }).stdout.text == "100\n")
        }
    }

    @Test func `a command is as nice as it is told to be`() async throws {
        try await withExecutor { client in
            #expect(await client.result(of: limited("nice") { $0.nice = 7 }).stdout.text == "7\n")
            #expect(await client.result(of: request("nice")).stdout.text == "0\n")
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a command's user starts no more processes than it may, and root is no such user`() async throws {
        try await withExecutor { client in
            let forks = "for i in 1 2 3 4 5 6 7 8; do sleep 0.5 & done; wait; echo all"
            let result = await client.result(of: limited(forks, user: "games") { $0.processes = 4 })
            #expect(result.stdout.text == "" && result.stderr.text.contains("fork"))
            #expect(await client.result(of: request(forks, user: "games")).stdout.text == "all\n")
            let root = await client.result(of: limited("true") { $0.processes = 4 })
            #expect(root.ending == .spawnFailed("limits: Operation not supported"))
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a limit that a user cannot be given is no start`() async throws {
        try await withExecutor { client in
            // More than the kernel gives to anybody.
            let result = await client.result(of: limited("true") { $0.openFiles = 1 << 31 })
            #expect(result.ending == .spawnFailed("limits: Operation not permitted"))
        }
    }
}
