import Foundation
import Synchronization

/// A run that the server knows of and whose end it has not told to anybody yet.
struct PendingRun {
    /// Who waits for the end.
    enum Audience {
        /// Nobody yet: an earlier server ordered the run.
        case none
        case waiting(CheckedContinuation<RawEnd?, Never>)
        /// Nobody will: it is being ended.
        case unwanted
    }

    let key: RunKey
    /// Nil where an earlier server ordered it.
    var order: RunOrder?
    /// The executor that has it; nil until it is sent to one.
    var place: ExecutorPlace?
    var audience: Audience
    var parts: [OutputPart: [UInt8]] = [:]
    /// Its end, where its output waits in the executor or is on its way.
    var held: HeldEnd?
    /// Its end, where it came before anybody waited for it.
    var end: RawEnd?
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
            case .leaseLapsed, .ended(.leaseLost): .leaseLapsed
            case .ended(let reason): .ended(reason)
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

    func readableResult(outputLimit: Int) async -> RunResult {
        guard parts.values.reduce(0, { $0 + $1.count }) > HeldEnd.littleOutput else {
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

extension RunOrder {
    /// Moves the deadline on, unless it has passed.
    mutating func extend(to latest: BoottimeInstant, at now: BoottimeInstant) {
        if deadline > now { deadline = max(deadline, latest) }
    }
}
