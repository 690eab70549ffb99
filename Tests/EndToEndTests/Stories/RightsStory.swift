import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// A server that root starts gives root up; what needs it is done by others.
    @Suite(.enabled(if: getuid() == 0, "only root has rights to give up")) struct RightsStory {
        private func owner(of path: String) -> UInt32? {
            var status = stat()
            return lstat(path, &status) == 0 ? status.st_uid : nil
        }

        private func rights(of server: QkronServer) async throws -> ProcessRights {
            try ProcessRights(of: #require(await server.processID))
        }

        private func launcher(of server: QkronServer) throws -> Int32 {
            let launchers = ProcessTable.launchers(of: server.dataDirectory)
            try #require(launchers.count == 1)
            return launchers[0]
        }

        private func reload(_ server: QkronServer) async throws {
            func listened() async -> Int {
                await server.output.split(separator: "\n").filter { $0.hasPrefix("Listening") }.count
            }
            let before = await listened()
            await server.reload()
            try await eventually("the replacement listens") { await listened() == before + 1 }
            try await server.waitUntilReady()
        }

        @Test func `the server has nothing of root, before and after SIGHUP, and commands are RUN_AS's`() async throws {
            try await Story.tell("rights") { story in
                let server = try await story.server(settings: ["RUN_AS": "user=games, superuser=nobody"])
                let (person, superuser) = (try await server.newcomer(), try await server.superuser())
                let executor = try await server.executorID()
                let launcher = try launcher(of: server)
                for round in 1...2 {
                    let rights = try await rights(of: server)
                    #expect(rights.areNobodySpecials, "\(rights)")
                    #expect(Set(rights.users).count == 1)
                    #expect(owner(of: server.dataDirectory) == rights.users[0])
                    for process in [launcher, executor] {
                        #expect(try ProcessRights(of: process).users == [0, 0, 0, 0])
                    }
                    for (asker, name) in [(person, "games"), (superuser, "nobody")] {
                        let task = try await asker.makeTask(["command": "id -un"])
                        let run = try await asker.execution(try await asker.execute(task), of: task, is: "completed")
                        #expect(run["stdout"] == .string("\(name)\n"))
                    }
                    if round == 1 { try await reload(server) }
                    #expect(try self.launcher(of: server) == launcher)
                    #expect(try await server.executorID() == executor)
                }
                let twice = try await server.command("serve")
                #expect(!twice.hasSucceeded && twice.error.contains("is using \(server.dataDirectory)"), "\(twice)")
                #expect(try self.launcher(of: server) == launcher, "a second start by mistake ends nothing")
                #expect(try await server.stop() == .exited(0))
                #expect(ProcessTable.bearing(server.dataDirectory).isEmpty)
            }
        }

        @Test func `an upgrade brings a new launcher program under the same process, and a new executor`() async throws
        {
            try await Story.tell("launcher_upgrade") { story in
                let program = "\(story.directory)/qkron"
                let copy = "cp '\(try Tool.qkron())' '\(program).new' && mv '\(program).new' '\(program)'"
                let tool = Tool(workspace: story.stage.workspace)
                #expect(try await tool.run(["/bin/sh", "-c", copy]).hasSucceeded)
                let server = try await story.server(program: program)
                let launcher = try launcher(of: server)
                func file() -> String {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(launcher)/exe")) ?? ""
                }
                #expect(try await tool.run(["/bin/sh", "-c", copy]).hasSucceeded)
                #expect(file().hasSuffix(" (deleted)"))
                func locks() throws -> Int {
                    try String(contentsOfFile: "/proc/locks", encoding: .utf8).split(separator: "\n")
                        .count { $0.split(separator: " ").contains("\(launcher)") }
                }
                #expect(try locks() == 1)
                try await reload(server)
                #expect(try locks() == 1, "its lock is kept: a start by root finds it")
                #expect(file() == program)
                #expect(try self.launcher(of: server) == launcher)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `a port below 1024 is taken before root is given up, and kept by a replacement`() async throws {
            try await Story.tell("low_port") { story in
                for port in (700...1023).shuffled().prefix(5) {
                    let server = await story.unstartedServer("\(port)", settings: ["PORT": "\(port)"])
                    do {
                        try await server.start()
                    } catch {
                        guard await server.log.contains("cannot listen") else { throw error }
                        continue
                    }
                    #expect(await server.port == port)
                    #expect(try await rights(of: server).areNobodySpecials)
                    try await reload(server)
                    #expect(try await server.stop() == .exited(0))
                    return
                }
                Issue.record("no low port was free")
            }
        }

        @Test func `a reload that could not read its settings, or changes what root has said, changes nothing`()
            async throws
        {
            try await Story.tell("refused_reload") { story in
                let (name, runAs) = ("\(story.directory)/name", "\(story.directory)/run_as")
                try "secretly".write(toFile: name, atomically: false, encoding: .utf8)
                let (allowed, other) = ("user=nobody,superuser=games", "user=games,superuser=nobody")
                try allowed.write(toFile: runAs, atomically: false, encoding: .utf8)
                chmod(name, 0o600)
                chmod(runAs, 0o644)
                let server = try await story.server(
                    settings: ["NODE_NAME": "", "NODE_NAME_FILE": name, "RUN_AS_FILE": runAs])
                let id = await server.processID
                #expect(await server.log.contains("A reload will be refused"))
                func refusals(_ words: String) async -> Int {
                    await server.log.split(separator: "\n").count {
                        $0.contains("its replacement could not start") && $0.contains(words)
                    }
                }
                await server.reload()
                try await eventually("the log tells why") { await refusals("NODE_NAME_FILE") == 1 }
                chmod(name, 0o644)
                try "daemon".write(toFile: runAs, atomically: false, encoding: .utf8)
                await server.reload()
                try await eventually("the log tells why") { await refusals("did not allow") == 1 }
                try other.write(toFile: runAs, atomically: false, encoding: .utf8)
                await server.reload()
                try await eventually("the log tells why") { await refusals("another RUN_AS") == 1 }
                try allowed.write(toFile: runAs, atomically: false, encoding: .utf8)
                try await reload(server)
                #expect(await server.processID == id)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `without its launcher a server goes on, and ends when it needs it; the next start carries on`()
            async throws
        {
            try await Story.tell("launcher_killed") { story in
                let database = try await story.database()
                let server = try await story.server(database: database, settings: ["LEASE_SECONDS": "60"])
                let person = try await server.newcomer()
                let task = try await person.makeTask([
                    "command": "echo $QKRON_ATTEMPT; test $QKRON_ATTEMPT = 2 || sleep 1000", "env": story.environment,
                    "retry_delay": 0, "max_retries": 1,
                ])
                let id = try await person.execute(task)
                try await person.execution(id, of: task, is: "running")
                try await eventually("the command runs") { !story.processes().isEmpty }
                kill(try launcher(of: server), SIGKILL)
                try await eventually("the log tells") { await server.log.contains("The launcher has ended") }
                await server.reload()
                try await eventually("a reload is refused") {
                    await server.log.contains("the launcher has ended, and only a restart")
                }
                let quick = try await person.makeTask(["command": "echo still"])
                let run = try await person.execution(try await person.execute(quick), of: quick, is: "completed")
                #expect(run["stdout"] == "still\n")
                kill(try await server.executorID(), SIGKILL)
                try await eventually("the server ends") { await server.ended() == .exited(1) }
                #expect(
                    try await database.number("SELECT count(*) FROM qkron.executions WHERE reason = 'lost'") == 0,
                    "nothing is recorded of what may still run")
                try await server.start()
                let lost = try await person.execution(id, of: task, is: "failed")
                #expect(lost["reason"] == "lost")
                try await eventually("the retry completes") {
                    try await person.executions(of: task, "status=completed").count == 1
                }
                #expect(story.processes().isEmpty)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `the data directory of an earlier version is taken over, and the console leaves nothing of root`()
            async throws
        {
            try await Story.tell("taken_over") { story in
                let server = try await story.server(settings: ["SECRET_KEY": "", "ENCRYPTION_KEY": ""])
                let person = try await server.newcomer()
                let task = try await person.makeTask(["name": "still there"])
                #expect(try await server.stop() == .exited(0))
                let directory = server.dataDirectory
                // Its server was root, its cluster another user's.
                let asBefore = """
                    cd '\(directory)' && chown root:root . conf conf/* node_id qkron.lock secret_key encryption_key &&
                    mkdir -m 0700 executor && ln -s /etc/hostname link && cp /etc/hostname twice && ln twice twin
                    """
                let tool = Tool(workspace: story.stage.workspace)
                #expect(try await tool.run(["/bin/sh", "-c", asBefore]).hasSucceeded)
                try await server.start()
                #expect(try await person.get("/tasks/\(task)")["name"] == "still there")
                let user = try #require(owner(of: "\(directory)/postgres"))
                #expect(try await rights(of: server).users == [user, user, user, user])
                for entry in [".", "conf", "conf/postgresql.conf", "node_id", "qkron.lock", "secret_key"] {
                    #expect(owner(of: "\(directory)/\(entry)") == user, "\(entry)")
                }
                for entry in ["executor", "link", "twice", "twin"] {
                    #expect(owner(of: "\(directory)/\(entry)") == 0, "\(entry)")
                }
                #expect(owner(of: "/etc/hostname") == 0)
                // While the server runs, and while it does not.
                for isRunning in [true, false] {
                    if !isRunning { #expect(try await server.stop() == .exited(0)) }
                    let answer = try await server.command("user", "list")
                    #expect(answer.hasSucceeded && answer.output.contains(person.username), "\(answer)")
                }
                for case let entry as String in FileManager.default.enumerator(atPath: directory) ?? .init()
                where !["executor", "link", "twice", "twin"].contains(entry) {
                    #expect(owner(of: "\(directory)/\(entry)") == user, "\(entry)")
                }
            }
        }

        @Test func `SERVER_USER=root keeps root, on purpose`() async throws {
            try await Story.tell("stays_root") { story in
                let (user, directory) = ("\(story.directory)/user", "\(story.directory)/where")
                let server = await story.unstartedServer(
                    settings: ["SERVER_USER_FILE": user, "DATA_DIR": "", "DATA_DIR_FILE": directory])
                try "root".write(toFile: user, atomically: false, encoding: .utf8)
                try server.dataDirectory.write(toFile: directory, atomically: false, encoding: .utf8)
                try await server.start()
                #expect(try await rights(of: server).users == [0, 0, 0, 0])
                #expect(await server.log.contains("The server stays root"))
                let person = try await server.newcomer()
                let task = try await person.makeTask(["command": "id -un"])
                let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
                #expect(run["stdout"] == "nobody\n")
                for (file, other, word) in [
                    (user, "games", "SERVER_USER"), (directory, story.directory, "DATA_DIR"),
                ] {
                    let right = try String(contentsOfFile: file, encoding: .utf8)
                    try other.write(toFile: file, atomically: false, encoding: .utf8)
                    await server.reload()
                    try await eventually("a reload is refused") {
                        await server.log.contains("another \(word) takes a restart")
                    }
                    try right.write(toFile: file, atomically: false, encoding: .utf8)
                }
                try await reload(server)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test(arguments: [
            ("root", "nosuch", "SERVER_USER"), ("root", "nobody", "RUN_AS must not name"),
            ("nobody", "postgres", "only a server that root has started"),
        ])
        func `a user that cannot be the server's is refused`(by starter: String, user: String, words: String)
            async throws
        {
            let workspace = try Stage.current.workspace
            let directory = workspace.path("server_user")
            let become = starter == "root" ? [] : ["--reuid=\(starter)", "--clear-groups"]
            let answer = try await Tool(workspace: workspace).run(
                [try Tool.find("setpriv")] + become + [try Tool.qkron(), "serve"],
                environment: ["SERVER_USER": user, "DATA_DIR": directory, "DATABASE_URL": "postgresql:///none"])
            #expect(answer.end == .exited(1))
            #expect(answer.error.contains(words), "\(answer.error)")
        }
    }
}
