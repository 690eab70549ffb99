/// The faults of a run, decided by the seed before it begins.
struct FaultPlan: Sendable {
    let faults: [Fault]

    /// - Parameters:
    ///   - seconds: how long the torture lasts.
    ///   - lease: seconds; faults last for shorter and for longer than it.
    init(random: SeededRandom, kinds: [FaultKind], seconds: Double, servers: Int, lease: Double) {
        var random = random
        var faults: [Fault] = []
        let weighted = kinds.flatMap { Array(repeating: $0, count: $0.weight) }
        // The first seconds make runs that can be killed; the last ones let every fault come to an end.
        var instant = random.seconds(2...4)
        var clockOffset = 0.0
        while !weighted.isEmpty, instant < seconds - 2 {
            let kind = random.pick(weighted)
            var amount = 0.0
            switch kind {
            case .clockForward: amount = random.seconds(1...20)
            case .clockBack: amount = min(random.seconds(1...10), clockOffset)
            case .delay: amount = random.happens(0.25) ? random.seconds(500...2_500) : random.seconds(5...200)
            case .killBackends: amount = Double(random.integer(1...6))
            default: break
            }
            clockOffset += kind == .clockForward ? amount : kind == .clockBack ? -amount : 0
            let fault = Fault(
                kind: kind, at: instant, server: random.integer(0...servers - 1),
                duration: Self.duration(of: kind, lease: lease, &random), amount: amount)
            // The clock never goes back behind the start: tokens would not be valid yet.
            if kind != .clockBack || amount >= 0.5 { faults.append(fault) }
            instant += random.happens(0.2) ? random.seconds(0.05...0.5) : random.seconds(1...5)
        }
        self.faults = faults
    }

    private static func duration(of kind: FaultKind, lease: Double, _ random: inout SeededRandom) -> Double {
        switch kind {
        case .stopServer, .stopExecutor, .stopBoth, .stopPostgres, .blackHole, .cut:
            random.happens(0.6) ? random.seconds(lease * 1.2...lease * 2.5) : random.seconds(0.2...lease * 0.8)
        case .killServer, .killAllServers, .killBoth:
            random.happens(0.5) ? random.seconds(0.02...lease * 0.4) : random.seconds(lease...lease * 2)
        case .killPostgres, .diskFull: random.seconds(0.2...4)
        case .delay: random.seconds(2...8)
        case .killExecutor, .reload, .killBackends, .clockForward, .clockBack: 0
        }
    }
}
