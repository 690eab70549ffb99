import Actions
import Domain
import Foundation
import Outbound
import Postgres
import Storage
import TestSupport
import Testing

import class EndToEndSupport.Receiver

@testable import Engine

/// How the end of a run reaches whoever wants to be told.
@Suite struct CourierTests {
    /// A plan without pauses, of as many tries as by default.
    private static let atOnce = [0.0, 0, 0, 0]

    private func runOnce(
        _ database: TestDatabase, telling url: String, _ change: (inout TaskDefinition) -> Void = { _ in }
    ) async throws -> Identifier<Execution> {
        let task = try await database.addTask {
            $0.callbackURL = url
            $0.retryPolicy.maxRetries = 0
            change(&$0)
        }
        return try await database.addRun(of: task)
    }

    private func callback(
        of id: Identifier<Execution>, _ database: TestDatabase, is status: Delivery.Status
    ) async throws -> Delivery {
        try await eventually("the callback is \(status)") {
            try await database.execution(id).callback?.status == status
        }
        return try #require(try await database.execution(id).callback)
    }

    private func body(of request: Receiver.Request?) throws -> JSONValue {
        try JSONValue.parse(try #require(request).body)
    }

    @Test func `the default plan tries five times`() {
        let plan = DeliveryPlan()
        let outcomes = (0...6).map { plan.outcome(of: .unexpected, after: $0) }
        let error = PostFailure.unexpected.description
        #expect(
            outcomes == [10.0, 60, 300, 1800].map { .again(after: $0, error: error) }
                + Array(repeating: .failed(error: error), count: 3))
        let refused = PostFailure.egressRefused("x")
        #expect(plan.outcome(of: refused, after: 0) == .failed(error: refused.description))
    }

    @Test(arguments: [
        (ExecutionStatus.failed, "Exit code: 1" as String?, "Exit code: 1"), (.timeout, "Timed out", "Timed out"),
        (.failed, nil, "The run ended as failed"), (.cancelled, "Exit code: 1", "Cancelled"),
        (.cancelled, nil, "Cancelled"),
    ])
    func `what went wrong is told in words`(status: ExecutionStatus, error: String?, words: String) {
        #expect(Callback.error(error, of: status) == words)
    }

    @Test func `a success is told with its result`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver()
        let runner = FakeRunner { _ in
            AttemptReport(outcome: .succeeded, returnCode: 0, stdout: OutputText(text: "hello\n", isTruncated: false))
        }
        let engine = try await TestEngine(database, runner: runner)
        try await engine.whileRunning {
            let id = try await runOnce(database, telling: receiver.url("/hook"))
            engine.signals.work.wake()
            let callback = try await callback(of: id, database, is: .sent)
            #expect(callback.tries == 1 && callback.error == nil && callback.sentAt != nil)
            let task = try await database.execution(id).taskID
            #expect(receiver.requests.count == 1)
            #expect(
                try body(of: receiver.requests.first) == [
                    "task_id": .string("\(task)"), "execution_id": .string("\(id)"), "status": "success",
                    "result": ["return_code": 0, "stdout": "hello\n"],
                ])
        }
    }

    @Test func `a receiver that fails is asked again with the same id`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver { _, number in .status(number < 2 ? 500 : 204) }
        let runner = FakeRunner { _ in AttemptReport(outcome: .failed(.exitCode), returnCode: 3, error: "Exit code: 3")
        }
        let engine = try await TestEngine(database, runner: runner, callbackDelays: Self.atOnce)
        try await engine.whileRunning {
            let id = try await runOnce(database, telling: receiver.url())
            engine.signals.work.wake()
            #expect(try await callback(of: id, database, is: .sent).tries == 3)
            #expect(receiver.requests.count == 3 && Set(receiver.requests.map { $0["webhook-id"] }).count == 1)
            #expect(receiver.requests[0]["webhook-id"].flatMap { UUID(uuidString: $0) } != nil)
            for request in receiver.requests {
                let told = try body(of: request)
                #expect(told.member("status") == "failed" && told.member("error") == "Exit code: 3")
                #expect(told.member("result") == nil)
            }
            #expect(try await database.execution(id).status == .failed)
        }
    }

    @Test func `after five failures it is given up, and the run stays as it ended`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver { _, _ in .status(503) }
        let engine = try await TestEngine(database, callbackDelays: Self.atOnce)
        try await engine.whileRunning {
            let id = try await runOnce(database, telling: receiver.url())
            engine.signals.work.wake()
            let callback = try await callback(of: id, database, is: .failed)
            #expect(callback == Delivery(status: .failed, tries: 5, error: "The receiver answered 503.", sentAt: nil))
            #expect(receiver.requests.count == 5)
            #expect(try await database.execution(id).status == .completed)
        }
    }

    @Test func `where the guard lets nothing through, it is over at once`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver()
        let engine = try await TestEngine(database, callbackDelays: Self.atOnce, egress: EgressGuard())
        try await engine.whileRunning {
            let id = try await runOnce(database, telling: "http://localhost:\(receiver.port)/")
            let unreadable = try await runOnce(database, telling: "gopher://x")
            engine.signals.work.wake()
            let callback = try await callback(of: id, database, is: .failed)
            #expect(callback.tries == 1 && callback.error?.hasPrefix("egress_refused") == true)
            #expect(try await self.callback(of: unreadable, database, is: .failed).error == "The URL cannot be read.")
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test func `what a dead server had claimed is sent by another, and more than goes at once in turn`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver()
        let task = try await database.addTask {
            $0.callbackURL = receiver.url()
            $0.overlapPolicy = .allow
        }
        let node = try await database.addNode()
        for second in 0..<300 {
            _ = try await database.addRun(of: task, slot: Date(timeIntervalSince1970: Double(second)))
        }
        while case let leases = try await database.claim(for: node), !leases.isEmpty {
            try await database.finish(leases.map { FinishedAttempt($0, .succeeded) })
        }
        let dead = try await database.store.claimDeliveries(limit: 50, patience: 1)
        #expect(dead.count == 50)
        let engine = try await TestEngine(database)
        try await engine.whileRunning {
            // Fuller than there is room for: as soon as some are through, others go.
            try await eventually("all are sent", within: .seconds(45)) {
                try await database.executions(of: task).allSatisfy { $0.callback?.status == .sent }
            }
        }
        #expect(receiver.requests.count == 300 && Set(receiver.requests.map { $0["webhook-id"] }).count == 300)
        #expect(try await database.store.record(.failed(error: "late"), of: dead[0]) == false)
    }

    @Test func `whose receivers are silent does not take all places`() async throws {
        let database = try await TestDatabase.make()
        let (silent, quick) = (try Receiver { _, _ in .stall("") }, try Receiver())
        defer { silent.close() }
        let node = try await database.addNode()
        for _ in 0..<40 { _ = try await runOnce(database, telling: silent.url()) }
        let other = try await database.addTask(owner: try await database.addUser("other")) {
            $0.callbackURL = quick.url()
        }
        let last = try await database.addRun(of: other)
        while case let leases = try await database.claim(for: node), !leases.isEmpty {
            try await database.finish(leases.map { FinishedAttempt($0, .succeeded) })
        }
        let engine = try await TestEngine(database)
        try await engine.whileRunning {
            #expect(try await callback(of: last, database, is: .sent).tries == 1)
            let ended = try await database.pool.value(
                "SELECT count(*) AS value FROM qkron.deliveries WHERE tries > 0", as: Int.self)
            #expect(ended == 1, "no silent one had to be given up first")
        }
    }

    @Test func `a try that the server's end cuts off is given back, and made by the next`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver { _, number in number == 0 ? .stall("") : .status(200) }
        defer { receiver.close() }
        let first = try await TestEngine(database)
        let id = try await runOnce(database, telling: receiver.url())
        try await first.whileRunning {
            first.signals.work.wake()
            try await eventually("the first try is under way") { !receiver.requests.isEmpty }
        }
        let pending = Delivery(status: .pending, tries: 0, error: nil, sentAt: nil)
        #expect(try await database.execution(id).callback == pending)
        #expect(try #require(try await database.store.secondsUntilDelivery()) <= 0, "it waits for nobody's lease")
        let second = try await TestEngine(database)
        try await second.whileRunning {
            let callback = try await callback(of: id, database, is: .sent)
            #expect(callback.tries == 1)
        }
        #expect(Set(receiver.requests.map { $0["webhook-id"] }).count == 1 && receiver.requests.count == 2)
    }

    @Test func `the loss of a run without a retry is told by who finds it`() async throws {
        let database = try await TestDatabase.make()
        let receiver = try Receiver()
        let node = try await database.addNode()
        let id = try await runOnce(database, telling: receiver.url())
        #expect(try await database.claim(for: node).count == 1)
        let engine = try await TestEngine(database, id: node.id)
        try await engine.whileRunning {
            _ = try await callback(of: id, database, is: .sent)
        }
        let told = try body(of: receiver.requests.first)
        #expect(told.member("status") == "failed" && told.member("error")?.textValue?.contains("interrupted") == true)
    }
}
