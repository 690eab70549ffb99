import Glibc
import Testing

@testable import Executor

/// The server's end of an executor's socket, with the test at the other end.
@Suite struct ConnectionTests {
    private final class Peer {
        let connection: ExecutorConnection
        private let socket: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
            socket = ends[1]
            connection = try ExecutorConnection(socket: ends[0])
            connection.start(onReports: { _ in }, onClose: {})
        }

        deinit { close(socket) }

        /// The orders up to the first that `isLast` is true of; nil if it does not come.
        func orders(until isLast: (ExecutorOrder) -> Bool) throws -> [ExecutorOrder]? {
            var frames = FrameBuffer()
            var orders: [ExecutorOrder] = []
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
            defer { buffer.deallocate() }
            while orders.last.map(isLast) != true {
                guard awaitReadable(socket, for: .seconds(60)) else { return nil }
                let count = read(socket, buffer.baseAddress, buffer.count)
                guard count > 0 else { return nil }
                frames.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                while let (kind, fields) = try frames.next() {
                    orders.append(try ExecutorOrder(kind: kind, fields: fields))
                }
            }
            return orders
        }

        /// Waits until the other end has written as much as the socket holds.
        func waitUntilFull() async throws {
            var last: Int32 = -1
            try await eventually("the socket is full") {
                var unread: Int32 = 0
                let isKnown = ioctl(self.socket, UInt(FIONREAD), &unread) == 0
                defer { last = unread }
                return isKnown && unread > 0 && unread == last
            }
        }
    }

    @Test func `an order that may wait goes with the next one, in its place`() throws {
        let peer = try Peer()
        peer.connection.sendWithNext(.settled(run: 1))
        peer.connection.sendWithNext(.settled(run: 2))
        peer.connection.send(.ping(number: 1))
        let orders = try peer.orders { $0 == .ping(number: 1) }
        #expect(orders == [.settled(run: 1), .settled(run: 2), .ping(number: 1)])
        peer.connection.sendWithNext(.settled(run: 3))
        peer.connection.finish()
        #expect(try peer.orders { $0 == .settled(run: 3) } == [.settled(run: 3)])
    }

    @Test func `an order that comes while the socket is full is sent once it is not`() async throws {
        let peer = try Peer()
        var request = request("true")
        request.environment["LONG"] = String(repeating: "x", count: 1 << 20)
        peer.connection.send(.start(RunOrder(request, run: 7, identity: nil)))
        try await peer.waitUntilFull()
        peer.connection.send(.ping(number: 5))
        #expect(try peer.orders { $0 == .ping(number: 5) }?.count == 2)
    }
}
