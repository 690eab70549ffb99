import Domain
import Foundation
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct NodeTests {
    @Test func `a superuser sees and drains servers, nobody else does`() async throws {
        let operations = try await TestOperations()
        let (nodes, root) = (operations.nodes, operations.root)
        let node = try await operations.database.addNode(name: "one", labels: ["gpu"])
        for person in [operations.alice, operations.bob] {
            await expectRefused(.roleRequired) { try await nodes.list(as: Caller(person)) }
            await expectRefused(.roleRequired) { try await nodes.drain(node.id, as: Caller(person)) }
            await expectRefused(.roleRequired) { try await nodes.undrain(node.id, as: Caller(person)) }
            await expectRefused(.roleRequired) { try await nodes.drain(Identifier(), as: Caller(person)) }
        }
        #expect(try await nodes.list(as: Caller(root)).map(\.status) == [.active])
        for _ in 1...2 {
            try await nodes.drain(node.id, as: Caller(root))
            #expect(try await nodes.list(as: Caller(root)).map(\.status) == [.draining])
        }
        for _ in 1...2 {
            try await nodes.undrain(node.id, as: Caller(root))
            #expect(try await nodes.list(as: Caller(root)).map(\.status) == [.active])
        }
        #expect(try await nodes.list(as: Caller(root)).map(\.labels) == [["gpu"]])
        await expectRefused(.notFound) { try await nodes.drain(Identifier(), as: Caller(root)) }
        await expectRefused(.notFound) { try await nodes.undrain(Identifier(), as: Caller(root)) }
    }

    @Test func `what a task requires is kept, changed and given up`() async throws {
        let operations = try await TestOperations()
        let task = try await operations.make { $0.requires = .value(["gpu", "ssd"]) }
        #expect(try await operations.tasks.find(task.id, as: Caller(operations.alice)).requires == ["gpu", "ssd"])
        #expect(try await operations.change(task) { $0.name = .value("x") }.requires == ["gpu", "ssd"])
        #expect(try await operations.change(task) { $0.requires = .value(["ssd"]) }.requires == ["ssd"])
        #expect(try await operations.change(task) { $0.requires = .value([]) }.requires == [])
        #expect(try await operations.history(task).count == 1)
    }
}
