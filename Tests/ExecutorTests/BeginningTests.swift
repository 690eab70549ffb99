import Foundation
import Glibc
import SystemUsers
import Testing

@testable import Executor

/// What can happen to a command between its start and its program.
@Suite(.serialized) struct BeginningTests {
    @Test(.enabled(if: geteuid() == 0, "only root has another user's commands"))
    func `a command that stops each of its user's processes as it begins holds up nobody else`() async throws {
        let long = try longWay()
        defer { try? FileManager.default.removeItem(atPath: long.root) }
        try await TrialUser.make { user in
            try await withExecutor { client in
                let executor = try #require(client.processID)
                let script = "while (1) { kill 'STOP', -1 } # \(UUID().uuidString)"
                async let stopper = client.run(request("exec perl -e \"\(script)\"", user: user.name))
                try await eventually("the stopper runs") { !processes(with: "perl -e \(script)").isEmpty }
                await withTaskGroup { group in
                    for _ in 0..<40 {
                        group.addTask {
                            let victim = request("true", user: user.name, directory: long.path, timeout: .seconds(2))
                            // One that was quicker than the stopper has just ended.
                            #expect([.timedOut, .exited(0)].contains(await client.result(of: victim).ending))
                        }
                    }
                    for _ in 0..<10 {
                        group.addTask {
                            #expect(await client.result(of: request("echo on", user: "nobody")).stdout.text == "on\n")
                        }
                    }
                }
                #expect(client.processID == executor)
                for pid in processes(with: "perl -e \(script)") { kill(pid, SIGKILL) }
                #expect(await stopper?.ending == .signaled(Int(SIGKILL)))
            }
        }
    }

    /// A directory that takes milliseconds to enter: as long as the system lets a way be, with as many links in it.
    private func longWay() throws -> (root: String, path: String) {
        let root = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: root + "/a", withIntermediateDirectories: false)
        var target = "."
        for number in 0..<39 {
            let name = "l\(number)"
            try #require(symlink(target, "\(root)/\(name)") == 0)
            target = String(repeating: "a/../", count: 800) + name
        }
        return (root, "\(root)/l38")
    }

    @Test func `a command that is ended as it begins leaves nothing behind`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            await withTaskGroup { group in
                for number in 0..<60 {
                    group.addTask {
                        let run = Task { await client.result(of: request(sleep)) }
                        for _ in 0..<number { await Task.yield() }
                        run.cancel()
                        #expect(await run.value.ending == .ended(.cancelled))
                    }
                }
            }
            #expect(processes(with: sleep) == [])
            #expect(processes(with: "sh -c \(sleep)") == [])
        }
    }

    @Test func `what a start took is let go once the command has begun`() throws {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        func outcome(path: String, directory: String) throws -> CommandBeginning.Outcome {
            let (child, beginning) = try Spawn(
                path: path, arguments: ["sleep", "1000"], environment: [], directory: directory,
                descriptors: (nothing, nothing, nothing)
            ).startCommand()
            defer {
                kill(child.pid, SIGKILL)
                waitpid(child.pid, nil, 0)
                close(child.pidfd)
            }
            let deadline = ContinuousClock.now + .seconds(10)
            while ContinuousClock.now < deadline {
                if let outcome = beginning.outcome() { return outcome }
                usleep(1_000)
            }
            throw SpawnError(step: "never begun", error: ETIMEDOUT)
        }
        // While it runs, and not only at its end.
        guard case .begun = try outcome(path: "/bin/sleep", directory: "/") else {
            Issue.record("not begun")
            return
        }
        guard case .failed(let error) = try outcome(path: "/bin/sleep", directory: "/nowhere") else {
            Issue.record("begun in no directory")
            return
        }
        #expect("\(error)" == "working directory: No such file or directory")
    }
}
