import Foundation
import Synchronization

/// A run that somebody waits for.
struct PendingRun {
    var order: RunOrder
    let continuation: CheckedContinuation<RawEnd, Never>
    var isSent = false
    var parts: [OutputPart: [UInt8]] = [:]
}

/// How a run ended, its output still as it came.
struct RawEnd: Sendable {
    var ending: RunResult.Ending
    var survivors = 0
    var duration = Duration.zero
    var parts: [OutputPart: [UInt8]] = [:]
    var outputTotal = 0
    var errorTotal = 0

    init(ending: RunResult.Ending, survivors: Int = 0) {
        self.ending = ending
        self.survivors = survivors
    }

    init(_ end: EndedRun, parts: [OutputPart: [UInt8]]) {
        ending =
            switch end.cause {
            case .exited(let code): .exited(Int(code))
            case .signaled(let signal): .signaled(Int(signal))
            case .timedOut: .timedOut
            case .ended(let reason): .ended(reason)
            case .leaseLapsed: .leaseLapsed
            case .spawnFailed(let why): .spawnFailed(why)
            }
        survivors = Int(end.survivors)
        duration = end.duration
        self.parts = parts
        outputTotal = Int(end.outputTotal)
        errorTotal = Int(end.errorTotal)
    }

    /// Much output at once is read one run after the other, on threads of its own: the pool that all tasks share must
    /// go on renewing leases and answering requests meanwhile.
    private static let reading = Mutex(())
    private static let littleOutput = 16 * 1024

    func readableResult(outputLimit: Int) async -> RunResult {
        guard parts.values.reduce(0, { $0 + $1.count }) > Self.littleOutput else {
            return result(outputLimit: outputLimit)
        }
        let read = try? await BlockingThread.run("qkron-output") {
            Self.reading.withLock { _ in result(outputLimit: outputLimit) }
        }
        // The closure does not throw.
        return read ?? result(outputLimit: outputLimit)
    }

    private func result(outputLimit: Int) -> RunResult {
        RunResult(
            ending: ending,
            stdout: CapturedOutput(
                head: parts[.outputHead] ?? [], tail: parts[.outputTail] ?? [], total: outputTotal, limit: outputLimit),
            stderr: CapturedOutput(
                head: parts[.errorHead] ?? [], tail: parts[.errorTail] ?? [], total: errorTotal, limit: outputLimit),
            survivors: survivors, duration: duration)
    }
}

extension ExecutorClient {
    /// What the client knows; every order about a run is sent under its lock, so that orders keep their order.
    struct State {
        var launch: ExecutorLaunch?
        /// Nil while there is no executor.
        var connection: ExecutorConnection?
        var runs: [UInt64: PendingRun] = [:]
        var isStopping = false
        /// The latest deadline that was told: a run whose request is older than it starts with this one.
        var deadline = BoottimeInstant(nanoseconds: 0)
        /// How many pings were sent, and the latest one that was answered.
        var pings: UInt64 = 0
        var answered: UInt64 = 0
        private var nextNumber = ExecutorLoop.Key.firstRun

        mutating func takeNumber() -> UInt64 {
            defer { nextNumber += 1 }
            return nextNumber
        }

        mutating func send(_ number: UInt64) {
            guard let connection, let run = runs[number] else { return }
            connection.send(.start(run.order))
            runs[number]?.isSent = true
        }

        mutating func remove(_ number: UInt64) -> PendingRun? {
            runs.removeValue(forKey: number)
        }
    }

    /// Takes in what the executor reports; runs on the connection's thread.
    func take(_ reports: [ExecutorReport]) {
        var ended: [(PendingRun, RawEnd)] = []
        state.withLock { state in
            for report in reports {
                switch report {
                case .hello: continue
                case .output(let number, let part, let bytes):
                    state.runs[number]?.parts[part, default: []].append(contentsOf: bytes)
                case .ended(let number, let end):
                    guard let run = state.remove(number) else { continue }
                    ended.append((run, RawEnd(end, parts: run.parts)))
                case .pong(let number): state.answered = max(state.answered, number)
                }
            }
        }
        for (run, end) in ended { run.continuation.resume(returning: end) }
    }
}
