import Foundation
import Glibc
import Testing

@testable import Executor

@Suite(.serialized) struct LossTests {
    @Test(arguments: [
        "SLEEP & SLEEP", "trap '' TERM; (env -i setsid sh -c \"trap '' TERM; SLEEP & SLEEP\" &); SLEEP",
    ])
    func `a killed executor loses its runs only once their trees are gone`(evader: String) async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            async let result = client.run(request(evader.replacingOccurrences(of: "SLEEP", with: sleep)))
            try await eventually("the command's sleeps") { processes(with: sleep).count >= 2 }
            let first = try #require(client.processID)
            kill(first, SIGKILL)
            #expect(await result?.ending == .executorLost)
            #expect(processes(with: sleep) == [])
            let next = await client.run(request("echo again"))
            #expect(next?.stdout.text == "again\n")
            #expect(client.processID != first)
            #expect(client.isHealthy)
        }
    }

    @Test func `an executor that stops answering is killed and replaced`() async throws {
        try await withExecutor { client in
            let sleep = uniqueSleep()
            async let result = client.run(request(sleep))
            try await eventually("the command's sleep") { !processes(with: sleep).isEmpty }
            kill(try #require(client.processID), SIGSTOP)
            try await eventually("the end of its command", within: .seconds(20)) { processes(with: sleep).isEmpty }
            #expect(await result?.ending == .executorLost)
            #expect(await client.run(request("true"))?.ending == .exited(0))
        }
    }

    @Test func `a renewal after the lease has lapsed comes too late for what was under way`() async throws {
        try await withExecutor { client in
            let told = LeaseDeadline.after(.seconds(1), since: .now)
            client.extendLeases(to: told)
            let sleep = uniqueSleep()
            // Its executor takes it for alive, as one that has not looked at the clock since it was stopped.
            async let result = client.result(of: request(sleep, lease: .seconds(60)))
            try await eventually("the command's sleep") { !processes(with: sleep).isEmpty }
            try await eventually("the end of the lease") { BoottimeInstant.now > told.instant }
            client.extendLeases(to: .after(.seconds(60), since: .now))
            #expect(await result.ending == .leaseLapsed)
            #expect(processes(with: sleep) == [])
            #expect(await client.result(of: request("true", lease: .milliseconds(-1))).ending == .leaseLapsed)
            #expect(await client.result(of: request("true", lease: .seconds(5))).ending == .exited(0))
        }
    }

    @Test func `an executor without a server ends its runs when their leases lapse, and goes`() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let configuration = ExecutorConfiguration(
            directory: directory + "/x", executablePath: probePath, arguments: [], killGrace: .milliseconds(300),
            leaseGrace: .milliseconds(300))
        let peer = try await BlockingThread.run("test") { try ExecutorPeer.start(configuration) }
        let sleep = uniqueSleep()
        let command = "trap '' TERM; (env -i setsid sh -c \"trap '' TERM; \(sleep) & \(sleep)\" &); \(sleep)"
        var writer = FrameWriter()
        let order = RunOrder(
            request(command, lease: .seconds(2)), run: ExecutorLoop.Key.firstRun, identity: nil)
        ExecutorOrder.start(order).encode(into: &writer)
        #expect(send(peer.socket, writer.bytes, writer.bytes.count, 0) == writer.bytes.count)
        try await eventually("three sleeps") { processes(with: sleep).count == 3 }
        close(peer.socket)
        #expect(awaitReadable(peer.pidfd, for: .seconds(10)))
        #expect(BoottimeInstant.now >= order.deadline)
        #expect(processes(with: sleep) == [])
        #expect(access(peer.place.socketPath, F_OK) != 0)
        peer.bury(after: .seconds(1), by: configuration.host)
    }

    @Test func `the end of a run is known even where its output dies with its executor`() async throws {
        try await withExecutor { client in
            // Not settled, so that there is no room for the next one's output.
            #expect(await client.result(of: megabytes(9)).ending == .exited(0))
            async let next = client.result(of: megabytes(9))
            try await eventually("its end is told") { client.heldCount == 1 }
            kill(try #require(client.processID), SIGKILL)
            let result = await next
            #expect(result.ending == .exited(0))
            #expect(result.stdout.isTruncated)
            #expect(result.stdout.text == "\n[... 9,437,184 bytes cut by qkron ...]\n")
        }
    }

    @Test func `leftovers of a crash are found by their execution`() async throws {
        ProcessProtection.becomeSubreaper()
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let configuration = ExecutorConfiguration(
            directory: directory + "/x", executablePath: probePath, arguments: [])
        let peer = try await BlockingThread.run("test") { try ExecutorPeer.start(configuration) }
        let sleep = uniqueSleep()
        let request = request("(env -i setsid \(sleep) &); (setsid \(sleep) &); \(sleep)")
        var writer = FrameWriter()
        ExecutorOrder.start(RunOrder(request, run: 1 << 20, identity: nil)).encode(into: &writer)
        #expect(send(peer.socket, writer.bytes, writer.bytes.count, 0) == writer.bytes.count)
        try await eventually("three sleeps") { processes(with: sleep).count == 3 }
        kill(peer.pid, SIGKILL)
        peer.bury(after: .seconds(1), by: configuration.host)
        close(peer.socket)
        func end(_ id: UUID, _ token: Int64) -> Bool {
            let key = RunKey(executionID: id, fencingToken: token)
            return configuration.host.endLeftovers(of: [key], grace: .seconds(1)).isEmpty
        }
        #expect(end(UUID(), 1))
        #expect(end(request.executionID, 2), "another attempt of the same execution")
        #expect(processes(with: sleep).count == 3)
        #expect(end(request.executionID, 1))
        #expect(processes(with: sleep) == [])
        Leftovers.reapAdopted()
        let dead = ProcessTable.ownChildren().filter { ProcessTable.mark(of: $0) == request.key.mark.value }
        #expect(dead == [])
    }

    @Test func `shutting down ends what runs and answers for it`() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let configuration = ExecutorConfiguration(
            directory: directory + "/x", executablePath: probePath, arguments: [], killGrace: .milliseconds(300))
        let client = try await ExecutorClient.start(configuration, logger: quietLogger)
        let supervision = Task { await client.supervise() }
        let sleep = uniqueSleep()
        async let result = client.run(request("echo partial; \(sleep)"))
        try await eventually("the sleep") { !processes(with: sleep).isEmpty }
        supervision.cancel()
        await supervision.value
        #expect(await result?.ending == .ended(.shutdown))
        #expect(await result?.stdout.text == "partial\n")
        #expect(await client.run(request("echo late"))?.ending == .ended(.shutdown))
        #expect(!client.isHealthy)
    }

    @Test func `an executor that cannot start says so`() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let missing = ExecutorConfiguration(directory: directory + "/x", executablePath: "/nonexistent", arguments: [])
        await #expect(throws: ExecutorError.self) {
            _ = try await ExecutorClient.start(missing, logger: quietLogger)
        }
        let silent = ExecutorConfiguration(directory: directory + "/x", executablePath: "/bin/true", arguments: [])
        await #expect(throws: ExecutorError.self) { _ = try await ExecutorClient.start(silent, logger: quietLogger) }
    }
}
