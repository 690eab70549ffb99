import Foundation
import Testing

@testable import Executor

@Suite struct MessageTests {
    @Test func `orders and reports survive the wire, torn anywhere`() throws {
        var order = RunOrder(request("echo ä"), run: 99, identity: ProcessIdentity(user: 1, group: 2, groups: [2, 3]))
        order.workingDirectory = nil
        order.secretNames = ["A", "B"]
        order.limits.memoryBytes = 1 << 40
        order.limits.nice = 0
        let orders: [ExecutorOrder] =
            [
                .hello(version: 1, killGrace: .seconds(5), leaseGrace: .milliseconds(1)), .start(order),
                .extendAll(deadline: .now), .ping(number: 3), .shutdown, .settled(run: 8), .retire,
                .sendOutput(run: 9), .showOutput(run: 10, outputFrom: 1 << 40, errorFrom: 0),
            ] + EndReason.allCases.map { .end(run: 7, $0) }
        let causes: [EndedRun.Cause] = [
            .exited(-1), .signaled(9), .timedOut, .ended(.leaseLost), .leaseLapsed, .spawnFailed("why"),
        ]
        let reports: [ExecutorReport] =
            [
                .hello(ExecutorGreeting(program: "p", runs: [7: order.key])), .pong(number: 4),
                .heldBack(run: 8, HeldEnd(end: EndedRun(cause: .exited(3)), size: 1 << 40)),
                .output(run: 5, .errorTail, Array(repeating: 7, count: 70_000)),
                .shown(
                    run: 11,
                    ShownOutput(output: .init(start: 1 << 40, bytes: [1, 2]), error: .init(start: 0, bytes: []))),
            ] + causes.map { .ended(run: 6, EndedRun(cause: $0)) }
        var writer = FrameWriter()
        for order in orders { order.encode(into: &writer) }
        #expect(try pieces(of: writer.bytes, ExecutorOrder.init(kind:fields:)) == orders)
        writer = FrameWriter()
        for report in reports { report.encode(into: &writer) }
        #expect(try pieces(of: writer.bytes, ExecutorReport.init(kind:fields:)) == reports)
    }

    @Test func `what a server and its launcher say survives the wire`() throws {
        let run = RunKey(executionID: UUID(), fencingToken: 3)
        let orders: [LauncherOrder] = [
            .hello, .renew, .find(place: 0), .start(place: 7), .kill(place: 1, pid: 1 << 20),
            .endLeftovers(grace: .milliseconds(5), [run, run]),
        ]
        let answers: [LauncherAnswer] = [
            .hello(version: 1, pid: 2, program: "p", words: ["/d", "1", "2:3:4"]), .done, .process(0),
            .ended(survivors: [0, 1]), .failed("why"),
        ]
        var writer = FrameWriter()
        for order in orders { order.encode(into: &writer) }
        #expect(try pieces(of: writer.bytes, LauncherOrder.init(kind:fields:)) == orders)
        writer = FrameWriter()
        for answer in answers { answer.encode(into: &writer) }
        #expect(try pieces(of: writer.bytes, LauncherAnswer.init(kind:fields:)) == answers)
    }

    private func pieces<Message>(
        of bytes: [UInt8], _ decode: (UInt8, ArraySlice<UInt8>) throws -> Message
    ) throws -> [Message] {
        var frames = FrameBuffer()
        var messages: [Message] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            bytes[start..<min(start + 3, bytes.count)].withUnsafeBytes { frames.append($0) }
            while let (kind, fields) = try frames.next() { messages.append(try decode(kind, fields)) }
        }
        return messages
    }

    @Test(
        arguments: [
            [255, 255, 255, 255, 1], [0, 0, 0, 0], [1, 0, 0, 0, 77], [2, 0, 0, 0, 1, 0],
            [9, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `what is no message is refused`(bytes: [UInt8]) {
        var frames = FrameBuffer()
        bytes.withUnsafeBytes { frames.append($0) }
        #expect(throws: WireError.self) {
            if let (kind, fields) = try frames.next() { _ = try ExecutorOrder(kind: kind, fields: fields) }
        }
    }

    @Test func `an executor of a version that we do not speak is refused before the rest is read`() {
        var writer = FrameWriter()
        writer.put(WireVersion.spoken.upperBound + 1)
        writer.put(UInt8(0))
        #expect(throws: WireError.self) { _ = try ExecutorReport(kind: 1, fields: writer.bytes[...]) }
    }

    @Test func `executors of the version before are spoken to`() {
        #expect(WireVersion.spoken == WireVersion.current - 2...WireVersion.current)
    }

    @Test func `a list longer than its frame takes no memory`() {
        var writer = FrameWriter()
        writer.put(UInt32.max)
        var reader = FrameReader(writer.bytes[...])
        #expect(throws: WireError.self) { _ = try reader.count() }
    }

    @Test func `a deadline never overflows`() {
        let now = BoottimeInstant.now
        #expect(now.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
        #expect(LeaseDeadline.after(.seconds(3), since: now).instant == now.advanced(by: .seconds(3)))
        #expect(now.duration(to: now.advanced(by: .milliseconds(5))) == .milliseconds(5))
    }

    @Test func `a mark names one attempt and its execution`() {
        let id = UUID()
        let mark = RunMark(executionID: id, fencingToken: 41)
        #expect(RunMark.isWellFormed(mark.value))
        #expect(!RunMark.isWellFormed(.max))
        #expect(mark.value >> 20 == RunMark.prefix(of: id))
        #expect(mark != RunMark(executionID: id, fencingToken: 42))
        let environment = Array("A=1\0QKRON_EXECUTION_ID=\(id.uuidString)\0QKRON_FENCING_TOKEN=41\0".utf8)
        #expect(mark.isNamed(inEnvironment: environment))
        #expect(!RunMark(executionID: id, fencingToken: 4).isNamed(inEnvironment: environment))
    }
}
