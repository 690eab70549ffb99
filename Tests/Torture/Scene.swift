import EndToEndSupport
import Foundation

/// All that one run works with: a PostgreSQL, a fleet of servers, a bench for their commands.
struct Scene: Sendable {
    let options: Options
    let workspace: Workspace
    let clock: FakeClock?
    let cluster: DurableCluster
    let members: [Member]
    let bench: Bench
    let journal = Journal()
    let token: String
    /// The tasks that the storm leaves alone, and those that it does not.
    let quiet: [String]
    let volatile: [String]

    /// Sets the scene; the fleet and the cluster are kept running by `keepers`, a group that outlives the faults.
    static func set(
        _ options: Options, in workspace: Workspace, keepers: inout DiscardingTaskGroup
    ) async throws -> Scene {
        let clock = options.asks(for: .clockForward, .clockBack) ? try FakeClock(in: workspace) : nil
        let cluster = try await DurableCluster(
            in: workspace, clock: clock, smallDisk: options.asks(for: .diskFull))
        try await cluster.waitUntilReady()
        keepers.addTask { await cluster.keepRunning() }
        let members = try (0..<options.servers).map {
            try Member($0, in: workspace, cluster: cluster, clock: clock, lease: options.lease)
        }
        for member in members {
            // The first makes the schema and the account before the others come.
            keepers.addTask { await member.keepRunning() }
            try await member.waitUntilReady()
        }
        let bench = Bench(
            mark: workspace.root, ledger: "\(try workspace.openDirectory("ledger"))/ledger",
            locks: try workspace.openDirectory("locks"), program: try program(in: workspace))
        let token = try await members[0].logIn()
        var random = SeededRandom(seed: options.seed).stream(1)
        var quiet: [String] = []
        var volatile: [String] = []
        for number in 0..<options.tasks {
            let isQuiet = number % 3 != 2
            let recipe = Recipe(number, isQuiet: isQuiet, bench: bench, &random)
            let response = try await members[0].call("POST", "/tasks", recipe.fields, token: token)
            guard response.status == 201, let id = try response.json["id"].string else {
                throw Tool.Failure(description: "POST /tasks: \(response)")
            }
            if isQuiet { quiet.append(id) } else { volatile.append(id) }
        }
        return Scene(
            options: options, workspace: workspace, clock: clock, cluster: cluster, members: members, bench: bench,
            token: token, quiet: quiet, volatile: volatile)
    }

    /// A copy that every user may run: the build directory may lie where others cannot reach.
    private static func program(in workspace: Workspace) throws -> String {
        let path = "\(try workspace.openDirectory("bin"))/LedgerEntry"
        try FileManager.default.copyItem(atPath: try Tool.find(built: "LedgerEntry"), toPath: path)
        chmod(path, 0o755)
        return path
    }
}

extension Member {
    func waitUntilReady() async throws {
        try await eventually(within: .seconds(90), "server \(number) is ready") {
            guard isReady else { return false }
            return try await server.send("GET", "/ready", within: .seconds(3)).status == 200
        }
    }

    func logIn() async throws -> String {
        let answer = try await server.logIn(QkronServer.superuser.name, QkronServer.superuser.password)
        guard answer.status == 200, let token = try answer.json["access_token"].string else {
            throw Tool.Failure(description: "login: \(answer)")
        }
        return token
    }
}
