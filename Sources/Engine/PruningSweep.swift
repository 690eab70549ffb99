import Domain
import Foundation
import Storage

/// One walk through all history that is past retention, and how far it has come. A batch is one step of it, committed
/// for itself.
struct PruningSweep: Sendable {
    /// What is pruned, by the names of the tables.
    enum Kind: String, CaseIterable {
        case executions, output = "execution_output", audit
    }

    /// The limits, in the order in which they are seen to: what goes with its execution is not looked for twice.
    private enum Limit: Int, CaseIterable {
        case age, number, output, audit
    }

    private enum Stage {
        case begin
        case executions(before: Date, after: Identifier<Execution>?)
        case surplus(kept: Int, after: Identifier<TaskDefinition>?)
        case surplusOf([SurplusEdge], kept: Int, after: PruningCandidate?, last: Identifier<TaskDefinition>)
        case output(before: Date, after: Identifier<Execution>?)
        case audit(before: Date)
        case over
    }

    /// How long a batch should take: what comes due meanwhile may start later by as much.
    private static let target = Duration.milliseconds(4)
    private static let sizes = 16...500
    /// Tasks that are marked at once, each locked for as long as that takes.
    private static let markedAtOnce = 100

    private let retention: Retention
    private var stage = Stage.begin
    private var size = 64
    /// How many rows went.
    private(set) var pruned: [Kind: Int] = [:]

    init(_ retention: Retention) {
        self.retention = retention
    }

    /// Whether nothing is left to look at.
    var isOver: Bool { if case .over = stage { true } else { false } }

    /// Whether it has done anything.
    var hasBegun: Bool { if case .begin = stage { false } else { true } }

    /// Makes the next batches smaller.
    mutating func shrink() {
        size = max(size / 2, Self.sizes.lowerBound)
    }

    /// Prunes the next batch, and chooses the size of the one after it by the time it took.
    mutating func pruneBatch(in store: Store) async throws {
        let began = ContinuousClock.now
        switch stage {
        case .begin: try await see(to: .age, store)
        case .executions(let cutoff, let id): try await pruneExecutions(before: cutoff, after: id, store)
        case .surplus(let kept, let task): try await findSurplus(kept, after: task, store)
        case .surplusOf(let edges, let kept, let candidate, let task):
            try await pruneSurplus(of: edges, kept, after: candidate, last: task, store)
        case .output(let cutoff, let id): try await pruneOutput(before: cutoff, after: id, store)
        case .audit(let cutoff): try await pruneAudit(before: cutoff, store)
        case .over: break
        }
        let took = ContinuousClock.now - began
        if took > Self.target * 2 { shrink() }
        if took < Self.target / 2 { size = min(size * 2, Self.sizes.upperBound) }
    }

    /// Enters the stage of a limit, or of the first one after it that is set.
    private mutating func see(to first: Limit, _ store: Store) async throws {
        for limit in Limit.allCases where limit.rawValue >= first.rawValue {
            guard let found = try await stage(of: limit, store) else { continue }
            stage = found
            return
        }
        stage = .over
    }

    private func stage(of limit: Limit, _ store: Store) async throws -> Stage? {
        func before(_ days: Int?, _ stage: (Date) -> Stage) async throws -> Stage? {
            guard let days else { return nil }
            return stage(try await store.daysAgo(days))
        }
        return switch limit {
        case .age: try await before(retention.executionDays) { .executions(before: $0, after: nil) }
        case .number: retention.executionsPerTask.map { .surplus(kept: $0, after: nil) }
        case .output: try await before(retention.outputDays) { .output(before: $0, after: nil) }
        case .audit: try await before(retention.auditDays) { .audit(before: $0) }
        }
    }

    private mutating func pruneExecutions(
        before cutoff: Date, after id: Identifier<Execution>?, _ store: Store
    ) async throws {
        let found = try await store.executions(madeBefore: cutoff, after: id, limit: size)
        try await prune(found.filter(\.isPrunable), marking: cutoff, store)
        if found.count < size {
            try await see(to: .number, store)
        } else {
            stage = .executions(before: cutoff, after: found.last?.id)
        }
    }

    private mutating func findSurplus(_ kept: Int, after task: Identifier<TaskDefinition>?, _ store: Store) async throws
    {
        let (edges, last) = try await store.surplusEdges(keeping: kept, after: task, limit: size)
        guard let last else { return try await see(to: .output, store) }
        stage = .surplusOf(edges, kept: kept, after: nil, last: last)
    }

    private mutating func pruneSurplus(
        of edges: [SurplusEdge], _ kept: Int, after candidate: PruningCandidate?, last: Identifier<TaskDefinition>,
        _ store: Store
    ) async throws {
        guard let edge = edges.first else {
            stage = .surplus(kept: kept, after: last)
            return
        }
        let found = try await store.executions(upTo: edge, after: candidate, limit: size)
        try await prune(found, marking: nil, store)
        stage =
            found.count < size
            ? .surplusOf(Array(edges.dropFirst()), kept: kept, after: nil, last: last)
            : .surplusOf(edges, kept: kept, after: found.last, last: last)
    }

    /// Prunes executions, once their tasks tell that slots may have lost theirs: all before `cutoff`, else all up to
    /// the last slot among these.
    private mutating func prune(
        _ executions: [PruningCandidate], marking cutoff: Date?, _ store: Store
    ) async throws {
        guard !executions.isEmpty else { return }
        var bounds: [Identifier<TaskDefinition>: Date] = [:]
        for execution in executions {
            let bound = max(execution.scheduledFor.addingTimeInterval(0.000_001), cutoff ?? .distantPast)
            bounds[execution.task] = max(bounds[execution.task] ?? .distantPast, bound)
        }
        var rest = bounds[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.markedAtOnce)
            try await store.markPruned(Dictionary(uniqueKeysWithValues: some.map { ($0.key, $0.value) }))
            rest = rest.dropFirst(Self.markedAtOnce)
        }
        note(.executions, try await store.pruneExecutions(executions.map(\.id)))
    }

    private mutating func pruneOutput(
        before cutoff: Date, after id: Identifier<Execution>?, _ store: Store
    ) async throws {
        let (count, last) = try await store.pruneOutput(madeBefore: cutoff, after: id, limit: size)
        note(.output, count)
        guard let last else { return try await see(to: .audit, store) }
        stage = .output(before: cutoff, after: last)
    }

    private mutating func pruneAudit(before cutoff: Date, _ store: Store) async throws {
        let count = try await store.pruneAudit(before: cutoff, limit: size)
        note(.audit, count)
        if count < size { stage = .over }
    }

    private mutating func note(_ kind: Kind, _ count: Int) {
        guard count > 0 else { return }
        pruned[kind, default: 0] += count
        EngineMetrics.pruned(kind, count: count)
    }
}
