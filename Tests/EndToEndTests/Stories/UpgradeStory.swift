import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// A program of an earlier version and this one, on one database. `Tests/Upgrade/run` builds the earlier program;
    /// without one there is nothing to tell.
    @Suite(.enabled(if: Earlier.program != nil, "Tests/Upgrade/run builds an earlier program"))
    struct UpgradeStory {
        @Test func `servers of two versions share the work, and the earlier one is restarted as the later one`()
            async throws
        {
            try await Earlier.tell("rolling") { story, program in
                let database = try await story.database()
                let first = try await story.server("-a", database: database, program: program)
                let work = try await EarlierWork(of: first, in: story, database)
                let migrations = try await database.number("SELECT max(number) FROM qkron.schema_migrations")
                let long = try await work.beginLongRun()
                let atFirst = Clerk(work.person, byHand: work.byHand)
                try await atFirst.whileWorking {
                    try await work.goesOn(for: 5, on: "rolling-a")
                    let second = try await story.server("-b", database: database)
                    #expect(try await database.number("SELECT max(number) FROM qkron.schema_migrations") > migrations)
                    // Whoever is logged in at the one is so at the other.
                    let atSecond = Clerk(work.person(at: second), byHand: work.byHand)
                    try await atSecond.whileWorking {
                        try await work.goesOn(for: Earlier.seconds, on: "rolling-a")
                        try await work.goesOn(for: 5, on: "rolling-b")
                    }
                    try await work.check(atSecond)
                    try await work.end(long)
                }
                try await work.check(atFirst)
                // A run is under way on the earlier server when it is told to stop.
                let last = try await work.beginLongRun(on: "rolling-a")
                #expect(await first.log.lines(at: "error") == [])
                try await first.restart(afterStopping: { try await work.end(last) }) {
                    try await story.install(Tool.qkron(), as: program)
                }
                try await work.goesOn(for: 5, on: "rolling-a")
                try await work.goesOn(for: 5, on: "rolling-b")
                #expect(await first.log.lines(at: "error") == [])
                try await work.settle()
                try await work.checkAll()
            }
        }

        @Test func `an earlier server is replaced in place, and its executor finishes its runs and leaves`()
            async throws
        {
            try await Earlier.tell("replaced") { story, program in
                // The earlier program kept root; where its successor gives it up, what runs is lost (CHANGELOG.md).
                let keepsRoot = geteuid() == 0 ? ["SERVER_USER": "root"] : [:]
                let server = try await story.server(
                    program: program, settings: ["LEASE_SECONDS": "60"].merging(keepsRoot) { $1 })
                let work = try await EarlierWork(of: server, in: story, Database(of: server, in: story))
                let long = try await work.beginLongRun()
                let old = try await server.executorID()
                let visitors = Visitors(port: await server.port)
                try await visitors.whileVisiting {
                    try await work.goesOn(for: 5, on: "replaced")
                    try await story.install(Tool.qkron(), as: program)
                    await server.reload()
                    try await eventually(within: .seconds(60), "this program has an executor beside the earlier one") {
                        let executors = ProcessTable.executors(in: server.dataDirectory)
                        return executors.count == 2 && executors.contains(old)
                    }
                    try await work.goesOn(for: 5, on: "replaced")
                }
                #expect(visitors.failures == [] && visitors.answers > 20)
                try await work.end(long)
                try await eventually("the earlier executor has left") { !ProcessTable.isAlive(old) }
                #expect(await server.log.lines(at: "error") == [])
                try await work.settle()
                try await work.checkAll()
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `the runs of an earlier server that died are taken over when its lease has lapsed`() async throws {
            try await Earlier.tell("taken") { story, program in
                let database = try await story.database()
                let settings = ["LEASE_SECONDS": "4", "KILL_GRACE": "1"]
                let first = try await story.server("-a", database: database, program: program, settings: settings)
                let work = try await EarlierWork(of: first, in: story, database)
                let second = try await story.server("-b", database: database, settings: settings)
                let run = try await work.beginLongRun(on: "taken-a")
                let executor = try await first.executorID()
                try await first.kill()
                kill(executor, SIGKILL)
                try await eventually(within: .seconds(30), "the later server has its retry") {
                    try await database.count(
                        run.task, where: "retry_of = '\(run.id)' AND status = 'running' AND node_name = 'taken-b'") == 1
                }
                #expect(try await database.count(run.task, where: "id = '\(run.id)' AND reason = 'lost'") == 1)
                try story.make(run.gate)
                try await work.settle(through: work.person(at: second))
                #expect(try await database.count(run.task, where: "status = 'completed'") == 1)
                try await work.checkSlots()
            }
        }
    }
}

/// The program that the environment names.
private enum Earlier {
    static let program = ProcessInfo.processInfo.environment["QKRON_EARLIER"]
    /// How long both versions work side by side.
    static let seconds = ProcessInfo.processInfo.environment["UPGRADE_SECONDS"].flatMap(Int.init) ?? 30

    /// Tells a story with a copy of the earlier program, whose answers are not held against this version's description.
    static func tell(_ name: String, _ body: (Story, String) async throws -> Void) async throws {
        let earlier = try #require(program)
        try await APIContract.$current.withValue(nil) {
            try await Story.tell(name) { story in
                let program = "\(story.directory)/qkron"
                try await story.install(earlier, as: program)
                try await body(story, program)
            }
        }
    }
}

extension QkronServer {
    /// Stops it gracefully and starts it again.
    fileprivate func restart(
        afterStopping whileStopping: () async throws -> Void, _ change: () async throws -> Void
    ) async throws {
        signal(SIGTERM)
        try await eventually("it has heard") { log.contains("Waiting for running commands") }
        try await whileStopping()
        #expect(try await stop() == .exited(0))
        try await change()
        try await start()
    }
}

extension Database {
    /// The private one of a server.
    fileprivate init(of server: QkronServer, in story: Story) {
        self.init(
            tool: Tool(workspace: story.stage.workspace), host: "\(server.dataDirectory)/run", name: "qkron")
    }
}

extension String {
    /// The lines of a log that have this level.
    fileprivate func lines(at level: String) -> [Substring] {
        split(separator: "\n").filter { $0.contains("\"level\":\"\(level)\"") }
    }
}
