import EndToEndSupport
import Foundation
import Testing

/// What one story works with: servers, a database and files of its own. When it ends, however it does, its servers are
/// killed and whatever they left behind with them.
actor Story {
    nonisolated let stage: Stage
    nonisolated let name: String
    /// Every user may write here; commands note in it what they do.
    nonisolated let directory: String
    /// Known to every command through `environment`.
    nonisolated var mark: String { directory }
    private var servers: [QkronServer] = []

    static func tell(_ name: String, _ body: (Story) async throws -> Void) async throws {
        let story = try Story(name, on: Stage.current)
        do {
            try await body(story)
        } catch {
            await story.showLogs()
            await story.close()
            throw error
        }
        await story.close()
    }

    private init(_ name: String, on stage: Stage) throws {
        self.stage = stage
        self.name = name
        directory = try stage.workspace.openDirectory(name)
    }

    /// A fresh database on the shared cluster.
    func database() async throws -> Database {
        try await stage.cluster.makeDatabase("\(name)_\(UUID().uuidString.prefix(8).lowercased())")
    }

    /// A ready server; its files lie in the story's directory.
    func server(
        _ suffix: String = "", database: Database? = nil, program: String? = nil, settings: [String: String] = [:]
    ) async throws -> QkronServer {
        let server = unstartedServer(suffix, database: database, program: program, settings: settings)
        try await server.start()
        return server
    }

    /// A server that the caller starts.
    func unstartedServer(
        _ suffix: String = "", database: Database? = nil, program: String? = nil, settings: [String: String] = [:]
    ) -> QkronServer {
        let server = QkronServer(
            "\(name)\(suffix)", in: stage.workspace, database: database, program: program, settings: settings)
        servers.append(server)
        return server
    }

    /// The environment that marks a task's commands as this story's.
    nonisolated var environment: JSON { ["STORY": .string(mark)] }

    /// The living processes of this story's commands.
    nonisolated func processes() -> [ProcessEntry] {
        ProcessTable.all().filter { $0.environment.contains("STORY=\(mark)") }
    }

    /// The lines of a file that commands write.
    nonisolated func lines(_ file: String) -> [String] {
        let data = FileManager.default.contents(atPath: "\(directory)/\(file)") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Makes an empty file that commands wait for.
    nonisolated func make(_ file: String) throws {
        try Data().write(to: URL(fileURLWithPath: "\(directory)/\(file)"))
    }

    /// Puts a copy of a program under a name, as packages do.
    nonisolated func install(_ program: String, as name: String) async throws {
        try await shell("cp '\(program)' '\(name).new' && mv '\(name).new' '\(name)'")
    }

    /// Makes a program by a process of its own: whatever this one starts meanwhile would hold the file open for
    /// writing, and nobody could run it.
    nonisolated func shell(_ script: String) async throws {
        let answer = try await Tool(workspace: stage.workspace).run(["/bin/sh", "-c", script])
        #expect(answer.hasSucceeded, "\(answer.error)")
    }

    private func showLogs() async {
        for server in servers {
            let log = await server.log
            print("--- log of \(server.dataDirectory)\n\(log.suffix(6_000))")
        }
    }

    private func close() async {
        for server in servers {
            do { try await server.kill() } catch { Issue.record(error) }
            for process in ProcessTable.bearing(server.dataDirectory) { _ = Glibc.kill(process.id, SIGKILL) }
        }
        for process in processes() { _ = Glibc.kill(process.id, SIGKILL) }
    }
}

extension Workspace {
    /// The living processes that belong to this run, the janitor left out.
    func processes() -> [ProcessEntry] {
        ProcessTable.bearing(root).filter { !isJanitor($0.id) }
    }
}
