import TestSupport
import Testing

@testable import Postgres

@Suite struct ShelfTests {
    private let shelf = Shelf(size: 2)

    private func connections(_ count: Int) async throws -> [PostgresConnection] {
        let configuration = PostgresConfiguration(url: try await TestCluster.shared().makeDatabase())
        var connections: [PostgresConnection] = []
        for _ in 0..<count { connections.append(try await PostgresConnection.connect(configuration)) }
        return connections
    }

    @Test func `what is idle and what is lent are never more than the size`() async throws {
        let open = try await connections(4)
        shelf.lend(new: open[0])
        shelf.keep(open[1])
        #expect(shelf.counts == (idle: 1, lent: 1))
        shelf.keep(open[2])
        #expect(shelf.counts == (idle: 1, lent: 1), "there is no room for it")
        shelf.lend(new: open[3])
        #expect(shelf.counts == (idle: 0, lent: 2), "the idle one made room")
        shelf.keep(open[2])
        #expect(shelf.counts == (idle: 0, lent: 2))
        shelf.takeBack(open[0])
        shelf.takeBack(open[3])
        #expect(shelf.counts == (idle: 2, lent: 0))
        #expect(shelf.lend() === open[3], "the one that was used last")
    }

    @Test func `what came back after a silence began stays, however often that is told`() async throws {
        let open = try await connections(2)
        shelf.keep(open[0])
        let silence = ContinuousClock.now
        shelf.keep(open[1])
        for _ in 0..<3 {
            shelf.drop(idleSince: silence)
            #expect(shelf.counts == (idle: 1, lent: 0))
        }
        #expect(shelf.lend() === open[1])
    }

    @Test func `what is of no more use is not kept, and after it is closed nothing is`() async throws {
        let open = try await connections(3)
        await open[0].close()
        shelf.keep(open[0])
        #expect(shelf.isEmpty)
        shelf.lend(new: open[1])
        shelf.keep(open[2])
        #expect(shelf.close().count == 1)
        shelf.takeBack(open[1])
        shelf.keep(open[2])
        #expect(shelf.counts == (idle: 0, lent: 0))
    }
}
