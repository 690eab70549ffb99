import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// An operator who does what `docs/operations.md` says, block by block.
    @Suite struct OperationsStory {
        @Test func `every block of the page of operations does what the page says`() async throws {
            let page = try OperationsPage()
            #expect(page.unmarked == [] && page.ambiguous == [])
            try await Story.tell("operations") { story in
                let desk = try await Desk(story, page)
                try await desk.startPrivate("first")
                try await desk.lookAround()
                try await desk.maintain()
                try await desk.backUpAndRestore()
                try await desk.rotate()
                try await desk.useAnotherDatabase()
                #expect(await desk.done == Set(page.commands.keys))
            }
        }
    }
}

/// The operator's directory, where the blocks are run, and the server in it.
private actor Desk {
    private let story: Story
    private let page: OperationsPage
    private var server: QkronServer
    private var environment: [String: String]
    private(set) var done: Set<String> = []
    private var task = ""
    private var token = ""

    init(_ story: Story, _ page: OperationsPage) async throws {
        self.story = story
        self.page = page
        server = story.stage.server
        // Where others could write, root keeps no data.
        chmod(story.directory, 0o755)
        let programs = "\(story.directory)/bin"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(programs)/qkron", withDestinationPath: try Tool.qkron())
        environment = ["PATH": "\(programs):\(Tool.path)", "DATA_DIR": ".qkron", "PASSWORD_HASH_COST": "1"]
    }

    /// Runs a block of the page in a shell that stops at the first failure.
    @discardableResult
    private func run(_ name: String) async throws -> String {
        let commands = try #require(page.commands[name], "the page has no block '\(name)'")
        let answer = try await Tool(workspace: story.stage.workspace).run(
            [try Tool.find("bash"), "-euo", "pipefail", "-c", "cd '\(story.directory)'\n\(commands)"],
            environment: environment)
        #expect(answer.hasSucceeded, "\(name): \(answer)")
        done.insert(name)
        return answer.output
    }

    private func start(_ suffix: String, database: Database? = nil, _ settings: [String: String]) async throws {
        server = try await story.server("-\(suffix)", database: database, settings: settings)
        environment["QKRON_URL"] = "http://127.0.0.1:\(await server.port)"
    }

    func startPrivate(_ suffix: String, _ settings: [String: String] = [:]) async throws {
        let own = [
            "DATA_DIR": "\(story.directory)/.qkron", "SECRET_KEY": "", "ENCRYPTION_KEY": "", "NODE_NAME": "east-2",
        ]
        try await start(suffix, own.merging(settings) { $1 })
    }

    private func makeHistory() async throws {
        let person = try await server.superuser()
        task = try await person.makeTask([
            "name": "nightly", "command": "echo kept", "env": ["TOKEN": "secret of the task"], "secret_env": ["TOKEN"],
        ])
        let run = try await person.execute(task)
        try await person.execution(run, of: task, is: "completed")
        token = person.token
        environment["QKRON_TOKEN"] = token
    }

    /// What the server knows of the task's only run, asked with the token of the beginning.
    private func history() async throws -> [String?] {
        let answer = try await server.call("GET", "/tasks/\(task)/executions?limit=10", token: token)
        guard answer.status == 200 else { throw Tool.Failure(description: "\(answer)") }
        return try answer.json.items.map { $0["stdout"].string }
    }

    private func expectHistory(_ place: SourceLocation = #_sourceLocation) async throws {
        let found = try await history()
        #expect(found == ["kept\n"], sourceLocation: place)
    }

    func lookAround() async throws {
        environment["PASSWORD"] = "password of ada"
        #expect(try await run("first superuser").contains("ada@example.org"))
        #expect(try await server.logIn("ada", "password of ada").status == 200)
        try await makeHistory()
        #expect(try await run("look inside").contains("nightly"))
        #expect(try await run("sizes").contains("execution_output"))
        try await run("give room back")
        #expect(try await run("time of a commit").contains("Time:"))
        #expect(try await run("what takes up the disk").contains(".qkron/postgres"))
        #expect(try await run("compare the clocks").split(separator: "\n").count == 2)
        #expect(try await run("migrate").contains("up to date"))
        try await expectHistory()
    }

    func maintain() async throws {
        environment["NODE"] = "east-2"
        func status() async throws -> String? {
            try await server.call("GET", "/nodes", token: token).json.items.first?["status"].string
        }
        try await run("drain")
        #expect(try await status() == "draining")
        try await run("wait until it is empty")
        try await run("undrain")
        #expect(try await status() == "active")
        let process = await server.processID
        try await run("reload")
        try await eventually("the server is replaced") {
            await server.output.split(separator: "\n").count { $0.hasPrefix("Listening") } == 2
        }
        try await server.waitUntilReady()
        #expect(await server.processID == process)
        try await expectHistory()
    }

    func backUpAndRestore() async throws {
        try await run("back up the private cluster")
        #expect(!(try await run("look at the backup")).isEmpty)
        try await run("keep the keys")
        try await stop()
        try await run("copy the data directory")
        #expect(FileManager.default.fileExists(atPath: "\(story.directory)/qkron.backup/postgres/PG_VERSION"))

        try FileManager.default.removeItem(atPath: "\(story.directory)/.qkron")
        try await run("put the keys back")
        try await startPrivate("empty", ["COMPONENTS": "api"])
        await #expect(throws: Tool.Failure.self) { try await history() }
        try await run("restore into the private cluster")
        try await server.stop()
        try await startPrivate("restored")
        try await expectHistory()
        try await server.stop()

        try FileManager.default.removeItem(atPath: "\(story.directory)/.qkron")
        try FileManager.default.moveItem(
            atPath: "\(story.directory)/qkron.backup", toPath: "\(story.directory)/.qkron")
        try await startPrivate("copied")
        try await expectHistory()
    }

    private func stop() async throws {
        try await run("stop")
        try await eventually("the server has stopped") { await server.ended() == .exited(0) }
    }

    func rotate() async throws {
        try await run("make a key")
        try await run("rotate the signing key")
        try await server.stop()
        let new = ["SECRET_KEY_FILE": "\(story.directory)/secret_key.new"]
        try await startPrivate(
            "rotated", new.merging(["SECRET_KEY_PREVIOUS_FILE": "\(story.directory)/secret_key.old"]) { $1 })
        try await expectHistory()  // With the old token.
        let person = try await server.superuser()
        try await server.stop()
        try await startPrivate("rotated-fully", new)
        await #expect(throws: Tool.Failure.self, "the old token has ended") { try await history() }
        token = person.token
        try await expectHistory()
        try await server.stop()
    }

    func useAnotherDatabase() async throws {
        let database = try await story.database()
        environment["DATABASE_URL"] = database.url
        try await start("own", database: database, [:])
        try await makeHistory()
        try await run("back up your own PostgreSQL")
        try await server.stop()
        _ = try await database.rows("DROP SCHEMA qkron CASCADE")
        try await run("restore into your own PostgreSQL")
        try await start("own-restored", database: database, [:])
        try await expectHistory()
    }
}
