import Foundation

/// The language between server and executor.
///
/// Each says in its hello which version is its own. The server speaks that of its executor, which may be older: it was
/// started by the program before an upgrade. So fields are only ever added at the end of a message, and an executor
/// serves no server that is older than itself.
enum WireVersion {
    /// What this program's executor speaks.
    static let current: UInt16 = 5
    /// What this program's server can speak; an executor of another version ends its runs with their leases.
    static let spoken: ClosedRange<UInt16> = 3...5
}

/// Why a run is ended before its time.
package enum EndReason: UInt8, Sendable, CaseIterable {
    /// The task that waits for it was cancelled.
    case cancelled = 1
    /// The server, or the executor, is told to end.
    case shutdown
    /// The server is gone.
    case leaseLost
}

/// What a server tells its executor.
enum ExecutorOrder: Sendable, Equatable {
    case hello(version: UInt16, killGrace: Duration, leaseGrace: Duration)
    case start(RunOrder)
    /// Moves the deadline of all runs.
    case extendAll(deadline: BoottimeInstant)
    case end(run: UInt64, EndReason)
    /// End all runs, report them, exit.
    case shutdown
    /// Answered by `pong` with the same number.
    case ping(number: UInt64)
    /// The end of a run is recorded, or wanted by nobody: it need not be kept any longer.
    case settled(run: UInt64)
    /// Start no more, and leave when the last run is settled.
    case retire
    /// Send the output that was held back, and the end once more. Since version 4.
    case sendOutput(run: UInt64)
    /// Show what a run has written from these offsets on; answered by `shown`. Since version 5.
    case showOutput(run: UInt64, outputFrom: Int64, errorFrom: Int64)

    func encode(into writer: inout FrameWriter) {
        switch self {
        case .hello(let version, let killGrace, let leaseGrace):
            writer.frame(1) {
                $0.put(version)
                $0.put(killGrace.nanoseconds)
                $0.put(leaseGrace.nanoseconds)
            }
        case .start(let order): writer.frame(2) { order.encode(into: &$0) }
        case .extendAll(let deadline): writer.frame(3) { $0.put(deadline.nanoseconds) }
        case .end(let run, let reason):
            writer.frame(4) {
                $0.put(run)
                $0.put(reason.rawValue)
            }
        case .shutdown: writer.frame(5) { _ in }
        case .ping(let number): writer.frame(6) { $0.put(number) }
        case .settled(let run): writer.frame(7) { $0.put(run) }
        case .retire: writer.frame(8) { _ in }
        case .sendOutput(let run): writer.frame(9) { $0.put(run) }
        case .showOutput(let run, let output, let error):
            writer.frame(10) {
                $0.put(run)
                $0.put(output)
                $0.put(error)
            }
        }
    }

    init(kind: UInt8, fields: ArraySlice<UInt8>) throws {
        var reader = FrameReader(fields)
        switch kind {
        case 1:
            self = try .hello(
                version: reader.integer(), killGrace: .nanoseconds(reader.integer(Int64.self)),
                leaseGrace: .nanoseconds(reader.integer(Int64.self)))
        case 2: self = try .start(RunOrder(from: &reader))
        case 3: self = try .extendAll(deadline: BoottimeInstant(nanoseconds: reader.integer()))
        case 4:
            let run = try reader.integer(UInt64.self)
            guard let reason = EndReason(rawValue: try reader.integer()) else {
                throw WireError(description: "an unknown reason to end a run")
            }
            self = .end(run: run, reason)
        case 5: self = .shutdown
        case 6: self = try .ping(number: reader.integer())
        case 7: self = try .settled(run: reader.integer())
        case 8: self = .retire
        case 9: self = try .sendOutput(run: reader.integer())
        case 10:
            self = try .showOutput(
                run: reader.integer(), outputFrom: reader.integer(), errorFrom: reader.integer())
        default: throw WireError(description: "an unknown order \(kind)")
        }
    }
}

/// What an executor tells its server.
enum ExecutorReport: Sendable, Equatable {
    /// The first report: who speaks, and what it has. The ends of those runs that are over follow, unasked.
    case hello(ExecutorGreeting)
    /// A piece of the output of a run that has ended; `ended` follows the last one.
    case output(run: UInt64, OutputPart, [UInt8])
    case ended(run: UInt64, EndedRun)
    case pong(number: UInt64)
    /// A run has ended with so many bytes of output that they wait here until they are asked for. Since version 4.
    case heldBack(run: UInt64, HeldEnd)
    /// What was asked for by `showOutput`; nothing of a run that is over. Since version 5.
    case shown(run: UInt64, ShownOutput)

    func encode(into writer: inout FrameWriter) {
        switch self {
        case .hello(let greeting): writer.frame(1) { greeting.encode(into: &$0) }
        case .output(let run, let part, let bytes):
            writer.frame(2) {
                $0.put(run)
                $0.put(part.rawValue)
                $0.put(bytes)
            }
        case .ended(let run, let end):
            writer.frame(3) {
                $0.put(run)
                end.encode(into: &$0)
            }
        case .pong(let number): writer.frame(4) { $0.put(number) }
        case .heldBack(let run, let held):
            writer.frame(5) {
                $0.put(run)
                $0.put(Int64(held.size))
                held.end.encode(into: &$0)
            }
        case .shown(let run, let shown):
            writer.frame(6) {
                $0.put(run)
                shown.encode(into: &$0)
            }
        }
    }

    init(kind: UInt8, fields: ArraySlice<UInt8>) throws {
        var reader = FrameReader(fields)
        switch kind {
        case 1: self = try .hello(ExecutorGreeting(from: &reader))
        case 2:
            let run = try reader.integer(UInt64.self)
            guard let part = OutputPart(rawValue: try reader.integer()) else {
                throw WireError(description: "an unknown part of output")
            }
            self = .output(run: run, part, Array(try reader.data()))
        case 3: self = try .ended(run: reader.integer(), EndedRun(from: &reader))
        case 4: self = try .pong(number: reader.integer())
        case 5:
            let run = try reader.integer(UInt64.self)
            let size = Int(try reader.integer(Int64.self))
            self = .heldBack(run: run, HeldEnd(end: try EndedRun(from: &reader), size: size))
        case 6:
            let run = try reader.integer(UInt64.self)
            self = .shown(run: run, try ShownOutput(from: &reader))
        default: throw WireError(description: "an unknown report \(kind)")
        }
    }
}
