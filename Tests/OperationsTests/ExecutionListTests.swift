import Domain
import Foundation
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct ExecutionListTests {
    @Test func `everybody sees the executions of the tasks that they may read`() async throws {
        let operations = try await TestOperations()
        let (alice, bob, root) = (Caller(operations.alice), Caller(operations.bob), Caller(operations.root))
        let mine = [try await operations.make(), try await operations.make()]
        let foreign = try await operations.tasks.create(operations.draft(), as: bob)
        var ids: [Identifier<Execution>] = []
        for task in [mine[0], foreign, mine[1], mine[0]] {
            ids.insert(try await operations.tasks.execute(task.id, as: root), at: 0)
        }
        func found(
            _ caller: Caller, _ window: Window = .slice(skip: 0, limit: 10),
            _ change: (inout ExecutionFilter) -> Void = { _ in }
        ) async throws -> [Identifier<Execution>] {
            var filter = ExecutionFilter()
            change(&filter)
            return try await operations.executions.list(filter, window, as: caller).rows.map(\.id)
        }
        #expect(try await found(root) == ids)
        #expect(try await found(alice) == [ids[0], ids[1], ids[3]])
        #expect(try await found(alice, .slice(skip: 1, limit: 1)) == [ids[1]])
        #expect(try await found(bob) == [ids[2]])
        #expect(try await found(Caller(.service)).isEmpty)
        #expect(try await found(alice) { $0.task = foreign.id }.isEmpty)
        #expect(try await found(root) { $0.task = mine[0].id } == [ids[0], ids[3]])
        #expect(try await found(root) { $0.triggers = [.webhook] }.isEmpty)
        let listing = try await operations.executions.list(ExecutionFilter(), .page(number: 2, size: 2), as: alice)
        #expect(listing.total == 3 && listing.rows.map(\.id) == [ids[3]])
        #expect(try await operations.executions.find(ids[0], as: alice).id == ids[0])
        await expectRefused(.notOwner) { try await operations.executions.find(ids[0], as: bob) }
        await expectRefused(.notFound) { try await operations.executions.find(Identifier(), as: bob) }
    }
}
