import Foundation
import Synchronization
import Testing

@testable import Credentials

/// Holds threads back until it is opened.
private final class Gate: Sendable {
    private let opened = Atomic(false)
    private let condition = NSCondition()

    func pass() {
        condition.withLock {
            while !opened.load(ordering: .acquiring) { condition.wait() }
        }
    }

    func open() {
        condition.withLock {
            opened.store(true, ordering: .releasing)
            condition.broadcast()
        }
    }
}

/// How much is under way, and how much ever was at once.
private final class Gauge: Sendable {
    private let values = Mutex((now: 0, most: 0, ended: [Int]()))

    var now: Int { values.withLock { $0.now } }
    var most: Int { values.withLock { $0.most } }
    var ended: [Int] { values.withLock { $0.ended } }

    func begin() {
        values.withLock { values in
            values.now += 1
            values.most = max(values.most, values.now)
        }
    }

    func end(_ number: Int) {
        values.withLock { values in
            values.now -= 1
            values.ended.append(number)
        }
    }
}

private func wait(for what: String, until isMet: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !isMet() {
        guard ContinuousClock.now < deadline else {
            Issue.record("waited in vain for \(what)")
            throw CancellationError()
        }
        // Yielding alone would keep others from the work that is waited for.
        try await Task.sleep(for: .milliseconds(2))
    }
}

@Suite struct HashingThreadsTests {
    @Test func `no more work is under way than there are threads`() async throws {
        let threads = HashingThreads(count: 3, waitingLimit: 100)
        let gate = Gate()
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    try await threads.run {
                        gauge.begin()
                        gate.pass()
                        gauge.end(number)
                    }
                }
            }
            defer { gate.open() }
            try await wait(for: "three at work and seventeen waiting") { gauge.now == 3 && threads.waitingCount == 17 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(gauge.most == 3)
        #expect(gauge.ended.count == 20)
    }

    @Test func `work is done in the order of its coming`() async throws {
        let threads = HashingThreads(count: 1, waitingLimit: 100)
        let gate = Gate()
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            defer { gate.open() }
            for number in 0..<10 {
                group.addTask {
                    try await threads.run {
                        gauge.begin()
                        gate.pass()
                        gauge.end(number)
                    }
                }
                try await wait(for: "number \(number) in its place") { gauge.now + threads.waitingCount == number + 1 }
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(gauge.ended == Array(0..<10))
    }

    @Test func `a cancelled caller leaves the queue at once and its work is dropped`() async throws {
        let threads = HashingThreads(count: 1, waitingLimit: 100)
        let gate = Gate()
        let gauge = Gauge()
        defer { gate.open() }
        async let first: Void = threads.run {
            gauge.begin()
            gate.pass()
            gauge.end(1)
        }
        try await wait(for: "the thread at work") { gauge.now == 1 }
        await withTaskGroup { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await threads.run { gauge.end(2) } }
            }
            try? await wait(for: "the second caller in the queue") { threads.waitingCount == 1 }
            group.cancelAll()
        }
        #expect(threads.waitingCount == 0)
        #expect(gauge.now == 1, "the thread is still busy with the first")
        gate.open()
        try await first
        #expect(gauge.ended == [1])
    }

    @Test func `a caller that is cancelled already does no work`() async {
        let threads = HashingThreads(count: 1, waitingLimit: 100)
        let gate = Gate()
        let gauge = Gauge()
        await withTaskGroup { group in
            group.addTask {
                _ = try? await threads.run { gate.pass() }
            }
            try? await wait(for: "the thread at work") { threads.waitingCount == 0 }
            group.cancelAll()
            group.addTask {
                await #expect(throws: CancellationError.self) { try await threads.run { gauge.end(1) } }
            }
            await group.next()
            gate.open()
        }
        #expect(gauge.ended.isEmpty)
    }

    @Test func `a flood is turned away instead of piling up`() async throws {
        let threads = HashingThreads(count: 1, waitingLimit: 2)
        let gate = Gate()
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            defer { gate.open() }
            for number in 0..<3 {
                group.addTask {
                    try await threads.run {
                        gauge.begin()
                        gate.pass()
                        gauge.end(number)
                    }
                }
                try await wait(for: "number \(number) in its place") { gauge.now + threads.waitingCount == number + 1 }
            }
            await #expect(throws: PasswordError.overloaded) { try await threads.run {} }
            gate.open()
            try await group.waitForAll()
        }
        #expect(gauge.ended.count == 3)
    }

    @Test func `the threads end with their owner`() async throws {
        let alive = Gauge()
        let leftovers = try await withoutOwner(counting: alive)
        try await wait(for: "the threads to end") {
            leftovers.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
        }
    }

    /// The entries in /proc of the threads of an owner that is gone when this returns.
    private func withoutOwner(counting gauge: Gauge) async throws -> Set<String> {
        let threads = HashingThreads(count: 2, waitingLimit: 10)
        let gate = Gate()
        let places = Mutex(Set<String>())
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    try await threads.run {
                        gauge.begin()
                        gate.pass()
                        gauge.end(0)
                        return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
                    }
                }
            }
            defer { gate.open() }
            try await wait(for: "both threads at work") { gauge.now == 2 }
            gate.open()
            for try await place in group {
                places.withLock { _ = $0.insert("/proc/\(place ?? "unknown")") }
            }
        }
        let found = places.withLock { $0 }
        #expect(found.count == 2)
        return found
    }
}
