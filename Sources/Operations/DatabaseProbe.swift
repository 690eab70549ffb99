import Domain
import Storage
import Synchronization

/// Asks the database how it is, one question at a time however many want to know, and never lets them wait for a
/// database that hangs.
package final class DatabaseProbe: Sendable {
    /// What the database said.
    struct Answer: Sendable {
        let takesWrites: Bool
        let statistics: EngineStatistics
    }

    private struct State {
        var latest: Answer?
        var answeredAt: ContinuousClock.Instant?
        /// Whether the latest question had no answer, or has none yet that somebody has waited for.
        var isUnwell = false
    }

    /// How long an answer is waited for.
    private static let patience = Duration.milliseconds(1500)
    /// The same of a database that did not answer the question before.
    private static let shortPatience = Duration.milliseconds(100)
    /// An answer so young is given again.
    private static let freshness = Duration.milliseconds(500)

    private let database: Database
    private let state = Mutex(State())
    private let questions: AsyncStream<Void>
    private let question: AsyncStream<Void>.Continuation

    /// A probe of `database`; nobody is answered before `run`.
    package init(database: Database) {
        self.database = database
        (questions, question) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks the database whenever somebody wants to know, until cancelled.
    package func run() async {
        for await _ in questions {
            let answer = await answer()
            state.withLock { $0 = State(latest: answer, answeredAt: .now, isUnwell: answer == nil) }
        }
    }

    /// What the database says now; nil if it does not answer in 1.5 s, or in 100 ms where it did not before.
    func ask() async -> Answer? {
        let clock = ContinuousClock()
        let asked = clock.now
        let patience = state.withLock(\.isUnwell) ? Self.shortPatience : Self.patience
        question.yield()
        while clock.now - asked < patience {
            let state = state.withLock { $0 }
            if let answeredAt = state.answeredAt, answeredAt > asked - Self.freshness { return state.latest }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return nil }
        }
        state.withLock { $0.isUnwell = true }
        return nil
    }

    private func answer() async -> Answer? {
        // Whatever goes wrong means the same to whoever asks: the database is not well.
        guard let takesWrites = try? await database.store.takesWrites(),
            let statistics = try? await database.store.statistics()
        else { return nil }
        return Answer(takesWrites: takesWrites, statistics: statistics)
    }
}
