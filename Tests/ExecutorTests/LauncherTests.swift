import CLinux
import Foundation
import Glibc
import Synchronization
import SystemUsers
import Testing

@testable import Executor

/// A launcher of root that serves this process, and the executors that it starts; here commands run as `nobody`.
@Suite(.serialized, .enabled(if: geteuid() == 0, "only root has rights to give up"))
struct LauncherTests {
    private let parent: String
    private let directory: String
    private let nobody: SystemUser
    private let terms: ExecutorTerms

    init() throws {
        parent = try temporaryDirectory()
        directory = parent + "/x"
        nobody = try #require(SystemUser.lookup("nobody"))
        terms = ExecutorTerms(server: 1, commandUsers: [nobody], dataDirectory: "/data")
        ProcessProtection.becomeSubreaper()
    }

    private func launcher() throws -> LauncherClient {
        try LauncherClient.start(
            directory: directory, terms, executablePath: probePath, onLoss: { fatalError($0) })
    }

    /// A supervised server with a launcher, for as long as the body runs.
    private func withServer(
        of launcher: LauncherClient? = nil, _ body: (ExecutorClient, LauncherClient) async throws -> Void
    ) async throws {
        let launcher = try launcher ?? self.launcher()
        let configuration = ExecutorConfiguration(
            directory: "/nowhere", launcher: launcher, killGrace: .milliseconds(300), leaseGrace: .milliseconds(300))
        let client = try await ExecutorClient.start(configuration, logger: quietLogger)
        let supervision = Task { await client.supervise() }
        do { try await body(client, launcher) } catch { Issue.record(error) }
        supervision.cancel()
        await supervision.value
        launcher.end()
        try? FileManager.default.removeItem(atPath: parent)
    }

    @Test func `commands run as the user that root has said, in root's executor`() async throws {
        try await withServer { client, _ in
            let result = await client.result(of: request("id -u; id -g; id -G", user: "nobody"))
            #expect(result.ending == .exited(0))
            #expect(result.stdout.text == "\(nobody.uid)\n\(nobody.gid)\n\(nobody.gid)\n")
            let executor = try #require(client.processID)
            #expect(ProcessTable.user(of: executor) == 0)
            #expect(ProcessTable.entry(of: executor)?.parent != getpid(), "it is the launcher's child")
        }
    }

    @Test func `the executor has the capabilities that it needs, and a command none`() async throws {
        try await withServer { client, _ in
            let executor = try #require(client.processID)
            let status = try #require(ProcFile.read("/proc/\(executor)/status"))
            func set(_ name: String, _ status: [UInt8]) -> UInt64? {
                ProcFile.words(of: name, in: status)?.first.flatMap { UInt64($0, radix: 16) }
            }
            let own = try #require(ProcFile.read("/proc/self/status").flatMap { set("CapEff", $0) })
            // chown, kill, setgid, setuid, sys_ptrace, sys_nice, sys_resource; a container may have taken some from us.
            let kept: UInt64 = 0x18800e1 & own
            for (name, expected) in [("CapPrm", kept), ("CapEff", kept), ("CapBnd", kept), ("CapInh", 0)] {
                #expect(set(name, status) == expected, "\(name)")
            }
            let look = request("grep -E 'Cap(Prm|Eff|Inh|Amb)' /proc/self/status", user: "nobody")
            let rights = await client.result(of: look)
            #expect(rights.stdout.text.split(whereSeparator: \.isWhitespace).filter { Int($0) == 0 }.count == 4)
        }
    }

    @Test func `commands of root have all that root has`() async throws {
        let root = try #require(SystemUser.lookup("root"))
        let launcher = try LauncherClient.start(
            directory: directory, ExecutorTerms(server: 1, commandUsers: [root], dataDirectory: "/data"),
            executablePath: probePath, onLoss: { fatalError($0) })
        try await withServer(of: launcher) { client, _ in
            func capabilities(of process: pid_t) -> [String]? {
                ProcFile.read("/proc/\(process)/status").flatMap { ProcFile.words(of: "CapEff", in: $0) }
            }
            let rights = await client.result(of: request("grep CapEff /proc/self/status", user: "root"))
            #expect(rights.stdout.text.split(separator: "\t").last == "\(capabilities(of: getpid())?.first ?? "")\n")
        }
    }

    @Test func `the executor ends a tree of another user that hides, under its limits`() async throws {
        try await withServer { client, _ in
            let sleep = uniqueSleep()
            var tree = request(
                "(setsid \(sleep) &); (env -i setsid \(sleep) &); \(sleep)", user: "nobody", timeout: .seconds(1))
            tree.limits.nice = 3
            tree.limits.openFiles = 100
            tree.limits.processes = 4000
            async let result = client.result(of: tree)
            try await eventually("three sleeps") { processes(with: sleep).count == 3 }
            #expect(await result.ending == .timedOut)
            #expect(processes(with: sleep) == [])
        }
    }

    @Test(arguments: ["root", "daemon", nil])
    func `a command is refused that should run as anybody else`(user: String?) async throws {
        try await withServer { client, _ in
            let marker = parent + "/marker"
            let result = await client.result(of: request("touch \(marker)", user: user))
            guard case .spawnFailed(let why) = result.ending else {
                Issue.record("\(result)")
                return
            }
            #expect(why.contains("must not run"))
            #expect(access(marker, F_OK) != 0)
        }
    }

    @Test func `the executor gives commands the groups that root has said, whatever the server says`() async throws {
        let told = try temporaryDirectory()
        chmod(told, 0o777)
        try await withServer { client, _ in
            let said = ProcessIdentity(user: nobody.uid, group: 0, groups: [0])
            let command = request("(id -u; id -g; id -G) > \(told)/ids; mv \(told)/ids \(told)/done")
            let link = try #require(client.state.withLock { $0.currentLink })
            link.connection.send(.start(RunOrder(command, run: 1 << 30, identity: said)))
            try await eventually("the command has said who it is") { access("\(told)/done", F_OK) == 0 }
            let ids = try String(contentsOfFile: "\(told)/done", encoding: .utf8)
            #expect(ids == "\(nobody.uid)\n\(nobody.gid)\n\(nobody.groups.map(String.init).joined(separator: " "))\n")
        }
        try FileManager.default.removeItem(atPath: told)
    }

    @Test func `an executor hears the server and root, and nobody else`() async throws {
        try await withServer { client, _ in
            let socket = try #require(client.state.withLock { $0.currentLink?.peer.place.socketPath })
            // Even where the permissions let them: who connects is known by the kernel.
            chmod(socket, 0o777)
            for (user, isHeard) in [(nobody.uid, false), (UInt32(1), true)] {
                #expect(try answers(at: socket, to: user) == isHeard, "user \(user)")
            }
        }
    }

    /// Whether the executor says hello to a process of this user.
    private func answers(at socket: String, to user: UInt32) throws -> Bool {
        var hello = FrameWriter()
        ExecutorOrder.hello(version: WireVersion.current, killGrace: .zero, leaseGrace: .zero).encode(into: &hello)
        let bytes = hello.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        // `perl` is essential in Debian.
        let script = """
            use Socket; $SIG{PIPE} = 'IGNORE'; socket(S, PF_UNIX, SOCK_STREAM, 0);
            connect(S, sockaddr_un($ARGV[0])) or exit 2;
            syswrite(S, pack('H*', $ARGV[1])); exit(sysread(S, my $answer, 1) ? 0 : 1)
            """
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        var spawn = Spawn(
            path: "/usr/bin/perl", arguments: ["perl", "-e", script, socket, bytes], environment: [],
            descriptors: (nothing, nothing, nothing))
        spawn.identity = ProcessIdentity(user: user, group: user, groups: [])
        let child = try spawn.start()
        defer { close(child.pidfd) }
        var status: Int32 = 0
        waitpid(child.pid, &status, 0)
        return status == 0
    }

    @Test func `a killed executor loses its runs only once their trees are gone, and is replaced`() async throws {
        try await withServer { client, _ in
            let sleep = uniqueSleep()
            let command = "trap '' TERM; (env -i setsid sh -c \"trap '' TERM; \(sleep) & \(sleep)\" &); \(sleep)"
            async let result = client.run(request(command, user: "nobody"))
            try await eventually("the command's sleeps") { processes(with: sleep).count >= 3 }
            let first = try #require(client.processID)
            kill(first, SIGKILL)
            #expect(await result?.ending == .executorLost)
            #expect(processes(with: sleep) == [])
            #expect(await client.result(of: request("echo again", user: "nobody")).stdout.text == "again\n")
            #expect(client.processID != first)
        }
    }

    @Test func `an executor that stops answering is killed by the launcher`() async throws {
        try await withServer { client, _ in
            let sleep = uniqueSleep()
            async let result = client.run(request(sleep, user: "nobody"))
            try await eventually("the command's sleep") { !processes(with: sleep).isEmpty }
            kill(try #require(client.processID), SIGSTOP)
            #expect(await result?.ending == .executorLost)
            #expect(processes(with: sleep) == [])
        }
    }

    @Test func `another launcher finds the executor of the one before, with its runs`() async throws {
        let first = try launcher()
        func configuration(_ launcher: LauncherClient) -> ExecutorConfiguration {
            ExecutorConfiguration(directory: "/nowhere", launcher: launcher)
        }
        let client = try await ExecutorClient.start(configuration(first), logger: quietLogger)
        let (marker, gate) = (parent + "/marker", parent + "/gate")
        chmod(parent, 0o777)
        let order = request(
            "touch \(marker); until test -e \(gate); do sleep 0.02; done; echo done", user: "nobody")
        async let left = client.run(order)
        try await eventually("the command runs") { access(marker, F_OK) == 0 }
        let executor = try #require(client.processID)
        await client.detach()
        #expect(await left == nil)
        first.end()
        // Root's directory is root's alone.
        chmod(parent, 0o755)
        try await withServer { client, _ in
            #expect(client.processID == executor)
            #expect(FileManager.default.createFile(atPath: gate, contents: nil))
            #expect(await client.run(order)?.stdout.text == "done\n")
        }
    }

    @Test func `a launcher that root starts anew ends the one before, whoever holds its socket`() async throws {
        let first = try launcher()
        let second = try launcher()
        #expect(first.isGone)
        first.reap()
        #expect(!second.isGone)
        second.end()
        first.end()
        try FileManager.default.removeItem(atPath: parent)
    }

    @Test(arguments: [false, true])
    func `an executor that root has held to other terms ends, with its runs, before others are served`(hangs: Bool)
        async throws
    {
        let first = try launcher()
        let configuration = ExecutorConfiguration(directory: "/nowhere", launcher: first)
        let peer = try await BlockingThread.run("test") { try ExecutorPeer.start(configuration) }
        let sleep = uniqueSleep()
        let identity = ProcessIdentity(user: nobody.uid, group: nobody.gid, groups: nobody.groups)
        var writer = FrameWriter()
        let order = RunOrder(request("(setsid \(sleep) &); \(sleep)"), run: 1 << 20, identity: identity)
        ExecutorOrder.start(order).encode(into: &writer)
        try SocketIO.send(writer.bytes, over: peer.socket)
        try await eventually("two sleeps") { processes(with: sleep).count == 2 }
        if hangs { kill(peer.pid, SIGSTOP) }
        let daemon = try #require(SystemUser.lookup("daemon"))
        let second = try await BlockingThread.run("test") { [directory] in
            try LauncherClient.start(
                directory: directory, ExecutorTerms(server: 1, commandUsers: [daemon], dataDirectory: "/data"),
                executablePath: probePath, onLoss: { fatalError($0) })
        }
        #expect(first.isGone)
        #expect(ProcessTable.entry(of: peer.pid)?.isAlive != true)
        #expect(processes(with: sleep) == [])
        for descriptor in [peer.socket, peer.pidfd] { close(descriptor) }
        for launcher in [first, second] { launcher.end() }
        Leftovers.reapAdopted()
        try FileManager.default.removeItem(atPath: parent)
    }

    @Test func `the launcher kills nothing but the executor of the place`() async throws {
        try await withServer { client, launcher in
            let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
            defer { close(nothing) }
            let stranger = try Spawn(
                path: "/bin/sleep", arguments: ["sleep", "1000"], environment: [],
                descriptors: (nothing, nothing, nothing)
            ).start()
            defer {
                kill(stranger.pid, SIGKILL)
                waitpid(stranger.pid, nil, 0)
                close(stranger.pidfd)
            }
            let place = try #require(client.state.withLock { $0.currentLink?.peer.place })
            launcher.kill(stranger.pid, pidfd: stranger.pidfd, at: place)
            #expect(ProcessTable.entry(of: stranger.pid)?.isAlive == true)
            let id = UUID()
            // A stranger that only looks like a run, and is not one of the commands' users.
            var look = Spawn(
                path: "/bin/sleep", arguments: ["sleep", "1000"],
                environment: ["QKRON_EXECUTION_ID=\(id.uuidString.lowercased())", "QKRON_FENCING_TOKEN=1"],
                descriptors: (nothing, nothing, nothing))
            look.mark = RunMark(executionID: id, fencingToken: 1).value
            let impostor = try look.start()
            defer {
                kill(impostor.pid, SIGKILL)
                waitpid(impostor.pid, nil, 0)
                close(impostor.pidfd)
            }
            let run = RunKey(executionID: id, fencingToken: 1)
            #expect(launcher.endLeftovers(of: [run], grace: .milliseconds(10)).isEmpty)
            #expect(ProcessTable.entry(of: impostor.pid)?.isAlive == true)
        }
    }

    @Test(arguments: ["an unknown order", "a frame that is too long", "a place that is not there", "too many runs"])
    func `what no server sends ends the launcher`(what: String) async throws {
        let launcher = try launcher()
        defer { try? FileManager.default.removeItem(atPath: parent) }
        var writer = FrameWriter()
        switch what {
        case "an unknown order": writer.frame(99) { _ in }
        case "a frame that is too long": writer.put(UInt32(LauncherLimits.longestFrame + 1))
        case "a place that is not there": LauncherOrder.start(place: 8).encode(into: &writer)
        default:
            writer.frame(6) {
                $0.put(Int64(0))
                $0.put(UInt32(LauncherLimits.mostRuns + 1))
                $0.put([UInt8](repeating: 0, count: LauncherLimits.mostRuns + 1))
            }
        }
        try SocketIO.send(writer.bytes, over: launcher.descriptor)
        try await eventually("the launcher has ended") { launcher.isGone }
        launcher.end()
    }

    @Test func `the launcher ends when its server does, and says nothing to a stranger's directory`() async throws {
        let launcher = try launcher()
        launcher.end()
        let words = ProcessTable.ownChildren().compactMap { ProcFile.read("/proc/\($0)/cmdline") }
        #expect(!words.contains { String(decoding: $0, as: UTF8.self).contains(directory) })
        chown(directory, 1, 1)
        #expect(throws: ExecutorError.self, "whoever has the directory would have root write elsewhere") {
            try self.launcher()
        }
        try FileManager.default.removeItem(atPath: parent)
    }

    @Test func `the terms are read as they were written`() throws {
        let users = [nobody, try #require(SystemUser.lookup("daemon"))]
        let terms = ExecutorTerms(server: 7, commandUsers: users, dataDirectory: "/var/lib/x y")
        #expect(ExecutorTerms(words: terms.words) == terms)
        for text in ["7  /x", "7 1:2 /x", "x 1:2:3 /x", "7 1:2:x /x", "7 1:2:3"] {
            let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            #expect(ExecutorTerms(words: words) == nil, "\(text)")
        }
        try FileManager.default.removeItem(atPath: parent)
    }

    @Test func `nothing that is left of root is overlooked`() throws {
        let clean =
            "Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\nGroups:\t65534 \n"
            + "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"
        #expect(RootDrop.remains(in: Array(clean.utf8), nobody) == nil)
        for (good, bad) in [
            ("Uid:\t65534\t65534\t65534", "Uid:\t65534\t65534\t0"), ("Gid:\t65534", "Gid:\t0"),
            ("Groups:\t65534", "Groups:\t65534 0"), ("CapPrm:\t0000", "CapPrm:\t0001"), ("Privs:\t1", "Privs:\t0"),
            ("CapEff:", "Other:"),
        ] {
            let status = clean.replacingOccurrences(of: good, with: bad)
            #expect(RootDrop.remains(in: Array(status.utf8), nobody) != nil, "\(bad)")
        }
        try FileManager.default.removeItem(atPath: parent)
    }
}
