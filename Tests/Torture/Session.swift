import EndToEndSupport
import Foundation

/// One run from the first server's start to the verdict.
struct Session: Sendable {
    let options: Options

    /// Answers whether every promise was kept.
    func run() async throws -> Bool {
        let workspace = try Workspace()
        defer { FakeClock.sweep() }
        let outcome: (isKept: Bool, cluster: DurableCluster)
        do {
            outcome = try await torture(in: workspace)
        } catch {
            Progress.say("The run could not be judged: \(error)")
            await Records.keep(of: workspace, seed: options.seed)
            try await workspace.close()
            throw error
        }
        try await outcome.cluster.stop()
        try await workspace.close()
        return outcome.isKept
    }

    private func torture(in workspace: Workspace) async throws -> (Bool, DurableCluster) {
        var result: Result<(Bool, DurableCluster), any Error> = .failure(CancellationError())
        await withDiscardingTaskGroup { keepers in
            do {
                let scene = try await Scene.set(options, in: workspace, keepers: &keepers)
                let isKept = try await play(scene)
                result = .success((isKept, scene.cluster))
            } catch {
                result = .failure(error)
            }
            keepers.cancelAll()
        }
        return try result.get()
    }

    private func play(_ scene: Scene) async throws -> Bool {
        let kinds = possibleFaults(scene)
        let random = SeededRandom(seed: options.seed)
        let plan = FaultPlan(
            random: random.stream(2), kinds: kinds, seconds: options.seconds, servers: options.servers,
            lease: Double(options.lease))
        let injector = Injector(plan: plan, members: scene.members, cluster: scene.cluster, clock: scene.clock)
        let start = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            for storm in storms(scene, random) { group.addTask { await storm.rage() } }
            await injector.run(since: start)
            try? await Task.sleep(until: start + .seconds(options.seconds))
            group.cancelAll()
        }
        Progress.say("\(options.seconds.tidy) s: no more faults; all is mended and worked off")
        let evidence = try await gather(scene, injector)
        let report = Report(promises: evidence.judge())
        await report.print(evidence, counts: injector.counts, members: scene.members, cluster: scene.cluster)
        if options.keeps || !report.isKept {
            await Records.keep(of: scene.workspace, seed: options.seed, database: scene.cluster.database)
        }
        return report.isKept
    }

    private func storms(_ scene: Scene, _ random: SeededRandom) -> [Storm] {
        (0..<3).map { number in
            Storm(
                number: number, members: scene.members, journal: scene.journal, token: scene.token, bench: scene.bench,
                random: random.stream(10 + UInt64(number)),
                volatile: scene.volatile.enumerated().filter { $0.offset % 3 == number }.map(\.element),
                quiet: scene.quiet)
        }
    }

    private func possibleFaults(_ scene: Scene) -> [FaultKind] {
        options.faults.filter { kind in
            switch kind {
            case .clockForward, .clockBack:
                if scene.clock == nil { Progress.say("skipped: \(kind.rawValue), for libfaketime is not installed") }
                return scene.clock != nil
            case .diskFull:
                if !scene.cluster.hasSmallDisk {
                    Progress.say("skipped: disk-full, for a small file system cannot be mounted here")
                }
                return scene.cluster.hasSmallDisk
            default: return true
            }
        }
    }

    private func gather(_ scene: Scene, _ injector: Injector) async throws -> Evidence {
        try await scene.heal()
        let tasksAfterStorm = try await Tables(of: scene.cluster.database).tasks
        try await scene.quiesce()
        await scene.settle()
        let processes = scene.commandProcesses().map(\.description)
        let tables = try await Tables(of: scene.cluster.database)
        var complaints = await scene.stopServers()
        for member in scene.members { complaints += await member.crashes }
        return Evidence(
            ledger: LedgerFile(path: scene.bench.ledger), tables: tables, tasksAfterStorm: tasksAfterStorm,
            entries: await scene.journal.entries, steppedBack: Int(await injector.steppedBack * 1_000_000),
            clock: ClockHistory(steps: await injector.clockSteps), quiet: Set(scene.quiet), processes: processes,
            faults: await injector.counts.values.reduce(0, +), complaints: complaints)
    }
}
