import ArgumentParser
import EndToEndSupport
import Foundation

/// Tortures a fleet of servers for a while, then checks what they promised.
@main struct Torture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Torture",
        abstract:
            "Kills, stops, cuts off and fools servers on one database, then checks that nothing was lost or doubled.",
        discussion: "Faults: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).")

    @Option(help: "What everything random comes from; a random one if left out.") var seed: UInt64?
    @Option(help: "How long the faults go on.") var seconds = 120.0
    @Option(help: "How many servers share the database, 1 to 3.") var servers = 2
    @Option(help: "The faults, comma-separated; 'all', or 'none'.") var faults = "all"
    @Option(help: "How many tasks there are at the start.") var tasks = 24
    @Flag(help: "Keep the ledger, the logs and a dump of the tables, also when all is well.") var keep = false

    func validate() throws {
        guard (1...3).contains(servers) else { throw ValidationError("--servers takes 1 to 3") }
        guard seconds >= 10 else { throw ValidationError("--seconds takes 10 or more") }
        guard tasks >= 3 else { throw ValidationError("--tasks takes 3 or more") }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999_999)
        Progress.say(
            "seed \(seed): Torture --seed \(seed) --seconds \(seconds.tidy) --servers \(servers) --faults \(faults)")
        let kinds =
            switch faults {
            case "all": FaultKind.allCases
            case "none": [FaultKind]()
            default: try faults.split(separator: ",").map { try FaultKind(named: String($0)) }
            }
        let options = Options(
            seed: seed, seconds: seconds, servers: servers, faults: kinds, tasks: tasks, keeps: keep)
        guard try await Session(options: options).run() else { throw ExitCode(1) }
    }
}
