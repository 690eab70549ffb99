/// What a run is asked to be.
struct Options: Sendable {
    let seed: UInt64
    let seconds: Double
    let servers: Int
    let faults: [FaultKind]
    let tasks: Int
    /// Whether files and tables are kept, also when all went well.
    let keeps: Bool

    /// Three or four seconds, as the seed says.
    var lease: Int { 3 + Int(seed % 2) }

    /// How long the backlog may take that the faults have left.
    var settleSeconds: Int { 300 }

    func asks(for kinds: FaultKind...) -> Bool { faults.contains { kinds.contains($0) } }
}
