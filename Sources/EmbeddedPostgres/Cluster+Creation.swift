import Foundation
import Logging
import SystemPackage
import SystemUsers

extension Cluster {
    /// Where a new cluster grows until it is whole.
    var draft: FilePath { data.filePath.appending("postgres.incomplete") }

    /// Makes the cluster with its role and database `qkron` unless it is there.
    ///
    /// It grows under another name and gets its own when nothing is missing, so that a start that was cut short leaves
    /// nothing that looks like a cluster.
    func createIfMissing(with installation: PostgresInstallation, isDurable: Bool) async throws {
        try await removeDraft()
        guard try Files.status(of: directory) == nil else { return }
        logger.notice("Creating a private PostgreSQL", metadata: ["directory": "\(directory)"])
        try Files.makeDirectory(draft, mode: 0o700, owner: user)
        do {
            let options = [
                "-D", draft.string, "-U", "postgres", "-A", "peer", "--no-locale", "-E", "UTF8", "--no-instructions",
            ]
            try await create("initdb", options + (isDurable ? [] : ["--no-sync"]), with: installation)
            // The server's own user, `postgres`, stays a superuser; qkron has no need to be one.
            try await create(
                "postgres", ["--single", "-D", draft.string] + (isDurable ? [] : ["-F"]) + ["postgres"],
                with: installation,
                input: "CREATE ROLE qkron LOGIN CREATEDB;\nCREATE DATABASE qkron OWNER qkron;\n")
        } catch {
            await endProcessesOfDraft()
            throw error
        }
        try Files.rename(draft, to: directory)
    }

    private func create(
        _ program: String, _ arguments: [String], with installation: PostgresInstallation, input: String = ""
    ) async throws {
        let command = ServerCommand(program: installation.program(program), arguments: arguments, user: user)
        let (isSuccess, output) = try await command.run(input: input)
        try Task.checkCancellation()
        // Single-user mode exits 0 whatever became of its statements.
        guard isSuccess, !output.contains("ERROR:"), !output.contains("FATAL:") else {
            throw EmbeddedPostgresError.initializationFailed(
                output: output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    private func removeDraft() async throws {
        guard try Files.status(of: draft) != nil else { return }
        logger.notice("Removing what an interrupted first start left", metadata: ["directory": "\(draft)"])
        await endProcessesOfDraft()
        // Its files belong to the server's user, who deletes them; the directory itself is in ours.
        let removal = ServerCommand(program: "/bin/rm", arguments: ["-rf", "--", draft.string], user: user)
        let output = try await removal.run().output
        guard rmdir(draft.string) == 0 || errno == ENOENT else {
            throw EmbeddedPostgresError.fileSystem(operation: "remove", path: draft.string, reason: output)
        }
    }

    /// initdb outlives a qkron that was killed; its own children end when its pipe to them closes.
    private func endProcessesOfDraft() async {
        let strays = RunningProcess.all().filter {
            $0.owner == user.uid && ["initdb", "postgres"].contains($0.programName)
                && ($0.arguments.contains(draft.string) || $0.workingDirectory == draft)
        }
        for stray in strays { stray.signal(SIGKILL) }
        _ = await Patience.waitStubbornly(upTo: .seconds(10)) { !strays.contains(where: \.isAlive) }
    }
}
