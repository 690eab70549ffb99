import Foundation
import Synchronization

/// A counting semaphore for tasks: first come, first served, with a deadline.
///
/// One timer serves all who wait: under load nearly every statement waits for a moment, and a sleeping task for each
/// would cost more than the statement.
final class PermitQueue: Sendable {
    private struct Waiter {
        let number: Int
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var lastNumber = 0
        var isClosed = false
        /// When the timer goes off next.
        var alarm: ContinuousClock.Instant?
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    var waiting: Int { state.withLock { $0.waiters.count } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Takes a permit, to be given back by `release`. Throws `.unavailable` at the deadline, or `CancellationError`.
    func acquire(until deadline: ContinuousClock.Instant) async throws {
        try Task.checkCancellation()
        let number: Int? = try state.withLock { state in
            if state.isClosed { throw Self.closed }
            if state.free > 0, state.waiters.isEmpty {
                state.free -= 1
                return nil
            }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number else { return }
        try await wait(number, until: deadline)
    }

    func release() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume()
    }

    /// Turns away everyone who waits or comes later.
    func close() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.isClosed = true
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.closed) }
    }

    private func wait(_ number: Int, until deadline: ContinuousClock.Instant) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    // Cancellation and deadline may have passed before there was a waiter to be turned away.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.isClosed { return .failure(Self.closed) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    if deadline <= .now { return .failure(Self.timedOut) }
                    state.waiters.append(Waiter(number: number, deadline: deadline, continuation: continuation))
                    setAlarm(&state, deadline)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            resume(number, throwing: CancellationError())
        }
    }

    /// Has the timer go off at a deadline, if it would not by then.
    private func setAlarm(_ state: inout State, _ deadline: ContinuousClock.Instant) {
        if let alarm = state.alarm, alarm <= deadline { return }
        state.alarm = deadline
        let seconds = max(ContinuousClock.now.duration(to: deadline), .zero) / .seconds(1)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in self?.turnAwayLate(deadline) }
    }

    /// Turns away whose deadline has passed; `alarm` is when this should have happened.
    private func turnAwayLate(_ alarm: ContinuousClock.Instant) {
        let late = state.withLock { state in
            let now = ContinuousClock.now
            let late = state.waiters.filter { $0.deadline <= now }
            if !late.isEmpty { state.waiters.removeAll { $0.deadline <= now } }
            // An earlier alarm was set since: that one looks after the rest.
            if state.alarm == alarm {
                state.alarm = nil
                if let earliest = state.waiters.map(\.deadline).min() { setAlarm(&state, earliest) }
            }
            return late
        }
        for waiter in late { waiter.continuation.resume(throwing: Self.timedOut) }
    }

    private func resume(_ number: Int, throwing error: any Error) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(throwing: error)
    }

    private static let closed = PostgresError(.unavailable, "The connection pool is closed.")
    private static let timedOut = PostgresError(.unavailable, "No database connection became free in time.")
}
