import EndToEndSupport
import Foundation
import Testing

/// What all end-to-end tests of one run share: a workspace, a cluster, and the server that answers the contract tests.
struct Stage: Sendable {
    let workspace: Workspace
    let cluster: PrivateCluster
    let server: QkronServer
    /// Tests take turns, so that few processes share the machine at a time.
    let turns = Turns(5)

    @TaskLocal static var shared: Stage?

    static var current: Stage {
        get throws { try #require(shared, "End-to-end tests run inside the suite EndToEnd") }
    }
}

/// The suite that holds all others: its scope sets the stage and clears it.
@Suite(.stage, .turn) enum EndToEnd {}

/// Sets the stage before the first test, and after the last one checks that no process is left.
struct StageTrait: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let workspace = try Workspace()
        do {
            let cluster = try await PrivateCluster.start(in: workspace)
            let database = try await cluster.makeDatabase("contract")
            let server = QkronServer("contract", in: workspace, database: database)
            try await server.start()
            let stage = Stage(workspace: workspace, cluster: cluster, server: server)
            let contract = try await APIContract(of: server) { Issue.record("\($0)") }
            try await Stage.$shared.withValue(stage) {
                try await APIContract.$current.withValue(contract) { try await function() }
            }
            #expect(try await server.stop() == .exited(0), "the shared server stops cleanly")
            try await cluster.stop()
        } catch {
            Issue.record(error)
        }
        await expectNoProcess(of: workspace)
        try await workspace.close()
    }

    private func expectNoProcess(of workspace: Workspace) async {
        do {
            try await eventually(within: .seconds(10), "no process of this run is left") {
                let left = workspace.processes()
                if !left.isEmpty { throw Overdue(description: "\(left)") }
                return true
            }
        } catch {
            Issue.record(error)
        }
    }
}

extension Trait where Self == StageTrait {
    static var stage: Self { Self() }
}

/// Lets each test wait for its turn.
struct TurnTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if test.isSuite { return try await function() }
        let turns = try Stage.current.turns
        await turns.take()
        do {
            try await function()
        } catch {
            await turns.giveBack()
            throw error
        }
        await turns.giveBack()
    }
}

extension Trait where Self == TurnTrait {
    static var turn: Self { Self() }
}

/// A bound on how many tests run at once.
actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
