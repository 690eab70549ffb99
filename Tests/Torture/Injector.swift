import Foundation

/// Does to the fleet what the plan says, when it says so.
actor Injector {
    private let plan: FaultPlan
    private let members: [Member]
    private let cluster: DurableCluster
    private let clock: FakeClock?
    private var offset = 0.0
    private(set) var counts: [FaultKind: Int] = [:]
    /// The sum of all steps back, in seconds.
    private(set) var steppedBack = 0.0
    /// By how many seconds the clock was ahead, and since when.
    private(set) var clockSteps: [(since: UInt64, offset: Double)] = []

    init(plan: FaultPlan, members: [Member], cluster: DurableCluster, clock: FakeClock?) {
        self.plan = plan
        self.members = members
        self.cluster = cluster
        self.clock = clock
    }

    /// Runs the whole plan, however the faults overlap, and waits for the end of the last.
    func run(since start: ContinuousClock.Instant) async {
        await withDiscardingTaskGroup { group in
            for fault in plan.faults {
                try? await Task.sleep(until: start + .seconds(fault.at))
                if Task.isCancelled { return }
                Progress.say("\(fault.at.tidy) s: \(fault)")
                counts[fault.kind, default: 0] += 1
                group.addTask { await self.inflict(fault) }
            }
        }
    }

    private func inflict(_ fault: Fault) async {
        let member = members[fault.server]
        switch fault.kind {
        case .killServer: await member.kill(server: true, executor: false, downFor: fault.duration)
        case .killExecutor: await member.kill(server: false, executor: true, downFor: 0)
        case .killBoth: await member.kill(server: true, executor: true, downFor: fault.duration)
        case .killAllServers:
            await withDiscardingTaskGroup { group in
                for member in members {
                    group.addTask { await member.kill(server: true, executor: false, downFor: fault.duration) }
                }
            }
        case .reload: await member.reload()
        case .stopServer: await member.stop(server: true, executor: false, for: fault.duration)
        case .stopExecutor: await member.stop(server: false, executor: true, for: fault.duration)
        case .stopBoth: await member.stop(server: true, executor: true, for: fault.duration)
        case .killBackends:
            await cluster.killBackends(Int(fault.amount), SeededRandom(seed: fault.at.bitPattern))
        case .killPostgres: await cluster.kill(downFor: fault.duration)
        case .stopPostgres: await cluster.freeze(for: fault.duration)
        case .diskFull: await cluster.fillDisk(for: fault.duration)
        case .cut: await mistreat(member, .cut, fault)
        case .delay: await mistreat(member, .delay(fault.amount), fault)
        case .blackHole: await mistreat(member, .blackHole, fault)
        case .clockForward: step(by: fault.amount)
        case .clockBack: step(by: -fault.amount)
        }
    }

    private func mistreat(_ member: Member, _ mode: Proxy.Mode, _ fault: Fault) async {
        member.proxy.set(mode)
        try? await Task.sleep(for: .seconds(fault.duration))
        member.proxy.heal(from: mode)
    }

    private func step(by seconds: Double) {
        offset += seconds
        if seconds < 0 { steppedBack -= seconds }
        try? clock?.set(offset)
        clockSteps.append((Moment.now, offset))
    }
}

/// What the run says while it goes on.
enum Progress {
    static func say(_ text: String) {
        FileHandle.standardOutput.write(Data("\(text)\n".utf8))
    }
}
