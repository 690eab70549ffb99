import Foundation
import Logging
import SystemPackage
import SystemUsers

/// How the server's first process is found, started and stopped.
///
/// pg_ctl starts it and ends, so it is nobody's child but the reaper's: a server we started and one that outlived an
/// earlier qkron are treated alike.
struct Postmaster: Sendable {
    let cluster: Cluster
    let installation: PostgresInstallation
    let configuration: ClusterConfiguration

    /// How long a start (crash recovery, say), an orphan's answer and a stop may each take.
    private let patience = Duration.seconds(60)

    /// The running server, taken over from an earlier qkron where one lives and has our settings, else started.
    func adoptOrLaunch() async throws -> RunningProcess {
        guard let orphan = survivor() else { return try await launch() }
        if cluster.holds(configuration), try await isReady(orphan) {
            cluster.logger.notice("Adopted the running PostgreSQL", metadata: ["process_id": "\(orphan.id)"])
            return orphan
        }
        cluster.logger.notice(
            "Stopping a PostgreSQL of an earlier start that has other settings or does not answer",
            metadata: ["process_id": "\(orphan.id)"])
        await stop(orphan)
        return try await launch()
    }

    /// Starts the server and waits until it is ready, after crash recovery if need be (60 s at most).
    func launch() async throws -> RunningProcess {
        try await endStrays()
        try removeMisleadingFiles()
        try cluster.sockets.create(owner: cluster.user)
        try cluster.write(configuration)
        try cluster.rotateLog()
        let command = ServerCommand(
            program: installation.program("pg_ctl"),
            arguments: [
                "start", "-D", cluster.configurationDirectory.string, "-l", cluster.logFile.string, "-w", "-t",
                String(patience.components.seconds), "-s",
            ], user: cluster.user)
        do {
            let (isSuccess, output) = try await command.run()
            try Task.checkCancellation()
            guard isSuccess, let process = survivor(), cluster.sockets.accepts() else {
                throw EmbeddedPostgresError.startFailed(
                    log: cluster.logFile.string, lastLines: lastLines(after: output))
            }
            cluster.logger.info("The private PostgreSQL is ready", metadata: ["process_id": "\(process.id)"])
            return process
        } catch {
            // pg_ctl may have gone before the server it started, even before that had written its file.
            if let process = survivor() { await stop(process) }
            // What went wrong first is what must be told.
            try? await endStrays()
            throw error
        }
    }

    /// Ends the server: its transactions are rolled back at once (SIGINT), and after 60 s it is told to drop everything
    /// (SIGQUIT) and recover at the next start. Waits for the end also when cancelled.
    func stop(_ process: RunningProcess) async {
        for (signal, limit) in [(SIGINT, patience), (SIGQUIT, .seconds(10))] {
            process.signal(signal)
            if await Patience.waitStubbornly(upTo: limit, until: { !process.isAlive }) { return }
        }
        cluster.logger.error("The private PostgreSQL does not stop", metadata: ["process_id": "\(process.id)"])
    }

    private func isReady(_ process: RunningProcess) async throws -> Bool {
        let isSettled = try await Patience.wait(upTo: patience) {
            !process.isAlive || processFileLine(8) == "ready"
        }
        return isSettled && process.isAlive && cluster.sockets.accepts()
            && processFileLine(5) == cluster.sockets.path.string
    }

    /// A line of postmaster.pid, counted from 1: 1 the process, 5 the socket's directory, 8 `ready` once it is.
    private func processFileLine(_ number: Int) -> String? { Self.line(number, of: processFile) }

    private static func line(_ number: Int, of file: FilePath) -> String? {
        let lines = (Files.contents(of: file) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count >= number ? lines[number - 1].trimmingCharacters(in: .whitespaces) : nil
    }

    private var processFile: FilePath { cluster.directory.appending("postmaster.pid") }

    private func lastLines(after output: String) -> String {
        let log = Files.contents(of: cluster.logFile, fromEnd: true) ?? ""
        return log.split(separator: "\n").suffix(5).joined(separator: "\n")
            + (output.isEmpty ? "" : "\n" + output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

// MARK: - Whose process is it?

extension Postmaster {
    /// The server's first process, if it lives.
    func survivor() -> RunningProcess? {
        guard let id = processFileLine(1).flatMap(Int32.init), let process = RunningProcess(id: id) else { return nil }
        guard process.owner == cluster.user.uid, process.programName == "postgres" else { return nil }
        return isOurs(process) ? process : nil
    }

    /// Ends what is left of a server whose first process is gone: it notices by itself, but perhaps late, and a new
    /// server must not meet it.
    private func endStrays() async throws {
        let strays = RunningProcess.all().filter { $0.owner == cluster.user.uid && isOurs($0) }
        for stray in strays { stray.signal(SIGQUIT) }
        let areGone = await Patience.waitStubbornly(upTo: patience) { !strays.contains(where: \.isAlive) }
        guard areGone else {
            throw EmbeddedPostgresError.strayProcesses(
                cluster: cluster.directory.string, processIDs: strays.filter(\.isAlive).map(\.id))
        }
    }

    /// PostgreSQL does not start while the process of a stale file exists and belongs to its user, also when that is
    /// by now another program with the same number, or a dead one that nobody reaps (in a container, say). Only then do
    /// we take the files away, one in the cluster and one at the socket: otherwise PostgreSQL judges better (it looks
    /// for shared memory in use, too).
    private func removeMisleadingFiles() throws {
        for file in [processFile, cluster.sockets.lockFile] {
            guard let id = Self.line(1, of: file).flatMap(Int32.init), id > 0, kill(id, 0) == 0 || errno == EPERM else {
                continue
            }
            if let process = RunningProcess(id: id), process.owner == cluster.user.uid, process.workingDirectory == nil,
                process.programName == "postgres" || process.programName.hasPrefix("postgres:")
            {
                throw EmbeddedPostgresError.unknownServer(processID: id, cluster: cluster.directory.string)
            }
            guard unlink(file.string) == 0 || errno == ENOENT else { throw Files.failure("remove", file) }
        }
    }

    /// Whether a process of the server's user works on this cluster: it works in its directory, or was started with our
    /// configuration, or bears our name in its title.
    private func isOurs(_ process: RunningProcess) -> Bool {
        let arguments = process.arguments
        let isTitled = arguments.first?.hasPrefix("postgres: \(cluster.name): ") ?? false
        let path = cluster.configurationDirectory.string
        let isStarted =
            switch process.programName {
            case "postgres", "pg_ctl": arguments.contains(path)
            // pg_ctl's shell, which becomes the server
            case "sh": arguments.last?.contains("\"\(path)\"") ?? false
            default: false
            }
        let worksThere = process.programName.hasPrefix("postgres") && process.workingDirectory == cluster.directory
        return isTitled || isStarted || worksThere
    }
}
