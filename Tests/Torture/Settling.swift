import EndToEndSupport
import Foundation

/// From the last fault to the moment when all can be judged.
extension Scene {
    /// Ends every fault, and waits until all servers are well.
    func heal() async throws {
        for member in members { await member.heal() }
        try await cluster.waitUntilReady()
        for member in members { try await member.waitUntilReady() }
    }

    /// Waits until no slot is overdue, then pauses every task; nothing new comes from then on.
    func quiesce() async throws {
        try await eventually(within: .seconds(60), "no slot is overdue") {
            try await cluster.database.number(
                "SELECT count(*) FROM qkron.tasks WHERE next_run < clock_timestamp() - interval '500 ms'") == 0
        }
        // Asked again until none is left: an old request to resume one may have slept in a server that was stopped.
        try await eventually(within: .seconds(60), "every task is paused") {
            let active = try await cluster.database.rows("SELECT id FROM qkron.tasks WHERE is_active ORDER BY id")
            for id in active.map({ $0[0] }) {
                _ = try? await members[0].call("POST", "/tasks/\(id)/pause", nil, token: token)
            }
            return active.isEmpty
        }
    }

    /// Waits until every run has ended, and every process of a command; what does not end is judged later.
    func settle() async {
        let limit = Duration.seconds(options.settleSeconds)
        _ = try? await eventually(within: limit, every: .milliseconds(250), "all runs have ended") {
            try await cluster.database.number("SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL") == 0
                ? true : nil
        }
        _ = try? await eventually(within: .seconds(10), "no process of a command is left") {
            commandProcesses().isEmpty
        }
    }

    /// The living processes of commands.
    func commandProcesses() -> [ProcessEntry] {
        ProcessTable.all().filter { $0.environment.contains("TORTURE=\(bench.mark)") }
    }

    /// Stops every server by SIGTERM; what does not end well is told.
    func stopServers() async -> [String] {
        var complaints: [String] = []
        for member in members {
            await member.finish()
            do {
                let end = try await member.server.stop()
                if end != .exited(0) {
                    complaints.append("server \(member.number) ended by SIGTERM: \(String(describing: end))")
                }
            } catch {
                complaints.append("server \(member.number) did not end by SIGTERM: \(error)")
            }
            let left = ProcessTable.bearing(member.server.dataDirectory)
            if !left.isEmpty { complaints.append("server \(member.number) left processes behind: \(left)") }
            member.proxy.close()
        }
        return complaints
    }
}
