import EndToEndSupport

/// When a task of the torture is due, in the two ways that QKron reads it, with whole seconds in between.
struct Cadence: Sendable, Equatable {
    let kind: String
    let text: String

    static func interval(_ seconds: Int) -> Cadence { Cadence(kind: "interval", text: "\(seconds)s") }

    /// The seconds of every minute that `step` divides.
    static func cron(every step: Int) -> Cadence { Cadence(kind: "cron", text: "*/\(step) * * * * *") }

    var fields: JSON { ["schedule_type": .string(kind), "schedule": .string(text)] }

    static func random(from range: ClosedRange<Int>, _ random: inout SeededRandom) -> Cadence {
        let seconds = random.integer(range)
        return random.happens(0.5) ? .interval(seconds) : .cron(every: seconds)
    }
}

/// What a task's command does.
enum Conduct: String, CaseIterable, Sendable {
    case quick, slow, long, failing, stubborn, daemon

    /// What is told to the program that writes the ledger.
    func options(_ random: inout SeededRandom) -> String {
        switch self {
        case .quick: "-w \(random.integer(0...80))"
        case .slow: "-w \(random.integer(300...1_200))"
        case .long: "-w \(random.integer(3_000...7_000))"
        case .failing: "-w \(random.integer(0...200)) -x 3"
        case .stubborn: "-t -w \(random.integer(2_000...4_000))"
        case .daemon: "-w \(random.integer(200...1_500)) -d 2500"
        }
    }

    /// Whether a task of this conduct keeps up with a slot every few seconds.
    var isBrief: Bool { self == .quick || self == .slow || self == .failing || self == .daemon }
}

/// A task that the torture makes.
struct Recipe: Sendable {
    let name: String
    let fields: JSON
    /// Whether the storm leaves it alone but for runs by hand: then every slot of it is accounted for.
    let isQuiet: Bool

    static let overlaps = ["skip", "queue", "allow", "cancel_previous"]
    static let misfires = ["fire_once", "skip", "fire_all"]

    /// The `number`-th task: all pairs of policies take their turn.
    init(_ number: Int, isQuiet: Bool, bench: Bench, _ random: inout SeededRandom) {
        self.isQuiet = isQuiet
        let overlap = Self.overlaps[number % Self.overlaps.count]
        let misfire = Self.misfires[number / Self.overlaps.count % Self.misfires.count]
        let conducts = overlap == "queue" ? Conduct.allCases.filter(\.isBrief) : Conduct.allCases
        let conduct = random.pick(conducts)
        // A queue has to be worked off: its runs take less time than there is between two slots.
        let slowest = overlap == "queue" && conduct != .quick ? 4 : conduct == .quick ? 1 : 2
        let cadence = Cadence.random(from: slowest...5, &random)
        let retries = overlap == "queue" ? random.integer(0...1) : random.integer(0...3)
        name = "\(number) \(overlap) \(misfire) \(conduct.rawValue)"
        let perSlot = overlap == "allow" ? " -s" : ""
        let shell = random.happens(0.5) ? "exec " : ""
        let tail = shell.isEmpty ? "; exit $?" : ""
        let own: JSON = [
            "name": .string(name), "overlap_policy": .string(overlap), "misfire_policy": .string(misfire),
            "misfire_grace": .integer(random.happens(0.3) ? 60 : random.integer(1...3)),
            "timeout": .integer(conduct == .stubborn ? random.integer(1...2) : 60), "max_retries": .integer(retries),
            "retry_delay": .integer(overlap == "queue" ? 0 : random.integer(0...2)),
            "env": ["TORTURE": .string(bench.mark)], "description": "0",
            "command": .string("\(shell)\(bench.command)\(perSlot) \(conduct.options(&random))\(tail)"),
        ]
        fields = own.merging(cadence.fields)
    }
}

/// Where commands find what they need.
struct Bench: Sendable {
    /// Known to every command through its environment.
    let mark: String
    let ledger: String
    let locks: String
    let program: String

    var command: String { "\(program) -f \(ledger) -l \(locks)" }
}
