import Foundation
import Glibc
import Synchronization
import Testing

@testable import Executor

/// Servers that follow each other on one directory, and the runs that outlive them.
@Suite(.serialized) struct HandoverTests {
    private let directory: String
    private let configuration: ExecutorConfiguration

    init() throws {
        directory = try temporaryDirectory()
        configuration = ExecutorConfiguration(
            directory: directory + "/x", executablePath: probePath, arguments: [], killGrace: .milliseconds(300),
            leaseGrace: .milliseconds(300))
        ProcessProtection.becomeSubreaper()
    }

    /// A server: what it begins goes on after it.
    private func server<Value>(
        _ configuration: ExecutorConfiguration? = nil, _ body: (ExecutorClient) async throws -> Value
    ) async throws -> Value {
        let client = try await ExecutorClient.start(configuration ?? self.configuration, logger: quietLogger)
        let value = try await body(client)
        await client.detach()
        return value
    }

    /// The last server: it ends what is left.
    private func lastServer(_ body: (ExecutorClient) async throws -> Void) async throws {
        let client = try await ExecutorClient.start(configuration, logger: quietLogger)
        let supervision = Task { await client.supervise() }
        do { try await body(client) } catch { Issue.record(error) }
        supervision.cancel()
        await supervision.value
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Begins a run and leaves it to the next server.
    private func begin(_ request: RunRequest, marker: String) async throws {
        try await server { client in
            async let result = client.run(request)
            try await eventually("the command runs") { access(marker, F_OK) == 0 }
            await client.detach()
            #expect(await result == nil)
        }
    }

    @Test func `a run goes on without its server, and the next one gets all of its output`() async throws {
        let (marker, gate) = (directory + "/marker", directory + "/gate")
        let request = ExecutorTests.request(
            "echo before; touch \(marker); until test -e \(gate); do sleep 0.02; done; echo after; exit 4")
        try await begin(request, marker: marker)
        try await lastServer { client in
            #expect(client.inheritedRuns.map(\.executionID) == [request.executionID])
            #expect(FileManager.default.createFile(atPath: gate, contents: nil))
            let result = await client.run(request)
            #expect(result?.ending == .exited(4))
            #expect(result?.stdout.text == "before\nafter\n")
        }
    }

    @Test func `much output of a run that ended between two servers is there for the next one`() async throws {
        let (marker, gate) = (directory + "/marker", directory + "/gate")
        let request = ExecutorTests.request(
            "touch \(marker); until test -e \(gate); do sleep 0.02; done; head -c 1000000 /dev/zero | tr '\\0' x")
        try await begin(request, marker: marker)
        #expect(FileManager.default.createFile(atPath: gate, contents: nil))
        try await lastServer { client in
            try await eventually("its end is told") { client.heldCount == 1 }
            #expect(await client.run(request)?.stdout.text.utf8.count == 1_000_000)
        }
    }

    @Test func `an end that was told is told again until it is settled`() async throws {
        let request = ExecutorTests.request("echo once; echo >> \(directory)/count")
        let executor = try await server { client in
            #expect(await client.run(request)?.stdout.text == "once\n")
            return client.processID
        }
        try await server { client in
            #expect(client.processID == executor)
            #expect(await client.run(request)?.stdout.text == "once\n")
            client.settle(executionID: request.executionID, fencingToken: request.fencingToken)
        }
        let count = FileManager.default.contents(atPath: directory + "/count")
        #expect(count == Data("\n".utf8), "it ran once")
        try await lastServer { client in #expect(client.inheritedRuns.isEmpty) }
    }

    @Test func `a run that is not granted to the next server is ended`() async throws {
        let sleep = uniqueSleep()
        let marker = directory + "/marker"
        try await begin(ExecutorTests.request("touch \(marker); \(sleep) & \(sleep)"), marker: marker)
        try await server { client in
            client.endInherited(except: [])
            try await eventually("the end of its tree") { processes(with: sleep).isEmpty }
            try await eventually("its end is settled") { client.state.withLock(\.runs.isEmpty) }
        }
        try await lastServer { client in #expect(client.inheritedRuns.isEmpty) }
    }

    @Test func `a run that is carried on can be cancelled`() async throws {
        let sleep = uniqueSleep()
        let marker = directory + "/marker"
        let request = ExecutorTests.request("touch \(marker); \(sleep)")
        try await begin(request, marker: marker)
        try await lastServer { client in
            let run = Task { await client.run(request) }
            run.cancel()
            #expect(await run.value?.ending == .ended(.cancelled))
            #expect(processes(with: sleep) == [])
        }
    }

    @Test func `the executor of an older program finishes its runs and leaves`() async throws {
        let older = directory + "/older"
        try FileManager.default.copyItem(atPath: probePath, toPath: older)
        var configuration = configuration
        configuration.executablePath = older
        let (marker, gate) = (directory + "/marker", directory + "/gate")
        let request = ExecutorTests.request("touch \(marker); until test -e \(gate); do sleep 0.02; done; echo done")
        let old = try await server(configuration) { client in
            async let result = client.run(request)
            try await eventually("the command runs") { access(marker, F_OK) == 0 }
            let old = try #require(client.processID)
            await client.detach()
            #expect(await result == nil)
            return old
        }
        try await lastServer { client in
            #expect(client.processID != old)
            #expect(await client.run(ExecutorTests.request("echo new"))?.stdout.text == "new\n")
            #expect(ProcessTable.entry(of: old)?.isAlive == true)
            #expect(FileManager.default.createFile(atPath: gate, contents: nil))
            #expect(await client.run(request)?.stdout.text == "done\n")
            client.settle(executionID: request.executionID, fencingToken: request.fencingToken)
            try await eventually("the older executor has left") { ProcessTable.entry(of: old)?.isAlive != true }
            #expect(client.isHealthy)
        }
    }

    @Test func `an older executor without runs leaves, and takes nothing with it`() async throws {
        let older = directory + "/older"
        try FileManager.default.copyItem(atPath: probePath, toPath: older)
        var configuration = configuration
        configuration.executablePath = older
        let (old, place) = try await server(configuration) { client in
            // Else it would leave with its server.
            client.extendLeases(to: .after(.seconds(60), since: .now))
            return (try #require(client.processID), client.state.withLock { $0.current })
        }
        try await lastServer { client in
            let new = try #require(client.processID)
            #expect(client.state.withLock { $0.current } != place)
            try await eventually("the older executor has been buried") {
                client.state.withLock { $0.links.count == 1 }
            }
            #expect(ProcessTable.entry(of: old)?.isAlive != true)
            #expect(await client.run(ExecutorTests.request("echo new"))?.stdout.text == "new\n")
            #expect(client.processID == new)
        }
    }

    @Test func `a dead executor's inherited runs are lost, and their trees gone`() async throws {
        let sleep = uniqueSleep()
        let marker = directory + "/marker"
        let request = ExecutorTests.request("touch \(marker); \(sleep)")
        try await begin(request, marker: marker)
        try await lastServer { client in
            kill(try #require(client.processID), SIGKILL)
            #expect(await client.run(request)?.ending == .executorLost)
            #expect(processes(with: sleep) == [])
        }
    }
}
