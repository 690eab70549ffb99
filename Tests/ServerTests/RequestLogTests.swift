import Domain
import Foundation
import HTTPTypes
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Server

@Test func `every request that was answered leaves one line`() async throws {
    let written = Mutex<[RequestRecord]>([])
    try await TestServer.with(log: { records in written.withLock { $0 += records } }) { server in
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<8 {
                group.addTask {
                    let requests = (0..<50).map { number in
                        "GET /api/v1/open HTTP/1.1\r\nHost: x\r\nX-Request-ID: \(client).\(number)\r\n"
                            + "\(number == 49 ? "Connection: close\r\n" : "")\r\n"
                    }
                    _ = await server.exchange(Array(requests.joined().utf8))
                }
            }
        }
    }
    let ids = written.withLock { $0 }.map(\.requestID)
    #expect(ids.count == 400)
    #expect(Set(ids).count == 400)
}

@Test func `a line tells who asked for what, and what became of it, in the order of its keys`() throws {
    let user = Identifier<User>()
    let record = RequestRecord(
        method: .get, template: "/api/v1/tasks", status: 200, duration: .microseconds(1500), time: Date(),
        requestID: "r", userID: user.description, address: IPAddress("192.0.2.1"))
    let fields = record.fields
    #expect(fields.map(\.key) == fields.map(\.key).sorted())
    #expect(
        fields.map { "\($0.key)=\($0.value)" } == [
            "address=192.0.2.1", "duration_ms=1.5", "method=GET", "request_id=r", "route=/api/v1/tasks", "status=200",
            "user_id=\(user)",
        ])
}

@Test func `lines are written together: when the loop has its turn, the log is flushed, or many wait`() async throws {
    let written = Mutex<[RequestRecord]>([])
    let log = RequestLog { records in written.withLock { $0 += records } }
    let record = RequestRecord(
        method: .get, template: nil, status: 404, duration: .zero, time: Date(), requestID: "r", userID: nil,
        address: nil)
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    try await loop.submit {
        log.add(record, on: loop)
        log.add(record, on: loop)
        let before = written.withLock { $0.count }
        log.flush()
        let flushed = written.withLock { $0.count }
        #expect((before, flushed) == (0, 2))
        log.add(record, on: loop)
    }.get()
    try await loop.submit {}.get()
    let afterTurn = written.withLock { $0.count }
    #expect(afterTurn == 3)
    try await loop.submit {
        for _ in 0..<64 { log.add(record, on: loop) }
        let many = written.withLock { $0.count }
        #expect(many == 67)
    }.get()
}
