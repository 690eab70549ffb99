import EmbeddedPostgres
import Foundation
import Subprocess
import SystemPackage
import SystemUsers
import Testing

@testable import EmbeddedPostgres

@Suite(.serialized)
struct DataDirectoryTests {
    @Test func `a second start on the same directory is refused and names the first`() async throws {
        try await Scratch.with { scratch in
            let data = try DataDirectory(path: scratch.data)
            let lock = try data.lock()
            let error = #expect(throws: EmbeddedPostgresError.directoryInUse(path: data.path, processID: getpid())) {
                try data.lock()
            }
            #expect(
                error?.description
                    == "Another qkron (process \(getpid())) is using \(data.path). Stop it, or choose another directory "
                    + "with --data-dir.")
            let other = try await run(
                .name("flock"), arguments: ["-n", data.path + "/qkron.lock", "true"], output: .discarded)
            #expect(!other.terminationStatus.isSuccess)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `a child does not keep the lock of its parent`() async throws {
        try await Scratch.with { scratch in
            let data = try DataDirectory(path: scratch.data)
            var lock: DirectoryLock? = try data.lock()
            _ = try await run(
                .path("/bin/sleep"), arguments: ["300"], input: .none, output: .discarded, error: .discarded
            ) { execution in
                #expect(lock != nil)
                lock = nil
                _ = try data.lock()
                kill(execution.processIdentifier.value, SIGKILL)
            }
        }
    }

    @Test func `a relative path and a link become one absolute path`() async throws {
        try await Scratch.with { scratch in
            let data = try DataDirectory(path: scratch.path + "/a/../b/data")
            #expect(data.path == scratch.path + "/b/data")
            try #require(symlink(scratch.path + "/b", scratch.path + "/link") == 0)
            #expect(try DataDirectory(path: scratch.path + "/link/data") == data)
        }
    }

    @Test(arguments: ["", "/tmp/a\"b", "/tmp/a$b", "/tmp/a`b", "/tmp/a\\b", "/tmp/a\nb"])
    func `a path that a shell or a settings file would read is refused`(path: String) {
        #expect(throws: EmbeddedPostgresError.unusablePath(path)) { try DataDirectory(path: path) }
    }

    @Test(.enabled(if: Scratch.isRoot)) func `a directory that the server cannot reach is refused by name`()
        async throws
    {
        try await Scratch.with { scratch in
            let closed = scratch.path + "/closed"
            try #require(mkdir(closed, 0o700) == 0)
            let expected = EmbeddedPostgresError.unreachable(
                path: closed + "/data", blockedBy: closed, user: "postgres")
            await #expect(throws: expected) { try await scratch.start(at: closed + "/data") }
            #expect(expected.description.contains("--data-dir"))
        }
    }

    @Test func `a path too long for a socket gets a short directory for it`() async throws {
        try await Scratch.with { scratch in
            let path = scratch.path + "/" + String(repeating: "long", count: 25)
            let sockets = SocketDirectory(for: try DataDirectory(path: path))
            #expect(!sockets.path.string.hasPrefix(scratch.path))
            #expect(sockets.socket.string.utf8.count <= SocketDirectory.longestPath)
            let server = try await scratch.start(at: path)
            #expect(try mode(of: sockets.path.string) == 0o700)
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
            try #require(rmdir(sockets.path.string) == 0)
        }
    }

    @Test func `a path with a space, a quote and a comma works`() async throws {
        try await Scratch.with { scratch in
            let path = scratch.path + "/it's, well, odd"
            let server = try await scratch.start(at: path)
            #expect(try await scratch.sql("SELECT 1", at: server) == "1")
            await server.stop()
            try #require(rmdir(SocketDirectory(for: try DataDirectory(path: path)).path.string) == 0)
        }
    }

    @Test func `a link or the directory of somebody else is not taken for ours`() async throws {
        try await Scratch.with { scratch in
            let link = FilePath(scratch.path + "/link")
            try #require(symlink(scratch.path, link.string) == 0)
            let user = try SystemUser.forServer()
            #expect(throws: EmbeddedPostgresError.self) { try Files.makeDirectory(link, mode: 0o700, owner: user) }

            guard Scratch.isRoot else { return }
            let foreign = FilePath(scratch.path + "/foreign")
            try #require(mkdir(foreign.string, 0o755) == 0 && chown(foreign.string, 65_534, 65_534) == 0)
            #expect(
                throws: EmbeddedPostgresError.foreignOwner(
                    path: foreign.string, owner: SystemUser.name(of: 65_534), expected: user.name)
            ) { try Files.makeDirectory(foreign, mode: 0o700, owner: user) }
        }
    }

    @Test(.enabled(if: Scratch.isRoot, "only root has something to give"))
    func `what root made is given to another user, unless somebody else could have put it there`() async throws {
        try await Scratch.with { scratch in
            let data = try DataDirectory(path: scratch.data)
            #expect(try data.earlierUser == nil)
            try "x".write(toFile: data.path + "/node_id", atomically: false, encoding: .utf8)
            let elsewhere = scratch.path + "/elsewhere"
            try "y".write(toFile: elsewhere, atomically: false, encoding: .utf8)
            try #require(symlink(elsewhere, data.path + "/secret_key") == 0)
            try #require(link(elsewhere, data.path + "/encryption_key") == 0)
            for (name, owner) in [("theirs", uid_t(0)), ("postgres", 1)] {
                let strange = data.path + "/" + name
                try #require(mkdir(strange, 0o700) == 0 && chown(strange, owner, owner) == 0)
                #expect(throws: EmbeddedPostgresError.self) { try data.give(to: 65_534, isHeld: false) }
                try #require(rmdir(strange) == 0)
            }
            #expect(access(data.path + "/qkron.lock", F_OK) != 0, "what is refused is not touched")
            try #require(chmod(data.path, 0o777) == 0)
            #expect(throws: EmbeddedPostgresError.self) { try data.give(to: 65_534, isHeld: false) }
            try #require(chmod(data.path, 0o711) == 0)
            // The pages of the API description may be put there before the first start.
            try #require(mkdir(data.path + "/docs", 0o755) == 0)
            try data.give(to: 65_534, isHeld: false)
            #expect(try data.earlierUser == 65_534 && owner(of: data.path) == 65_534)
            #expect(try Files.status(of: FilePath(data.path + "/node_id"))?.st_uid == 65_534)
            #expect(try Files.status(of: FilePath(elsewhere))?.st_uid == 0)
            try data.give(to: 65_534, isHeld: false)
            #expect(throws: EmbeddedPostgresError.self, "it is another user's") { try data.give(to: 1, isHeld: false) }
            try #require(chmod(scratch.path, 0o700) == 0)
            let error = #expect(throws: EmbeddedPostgresError.self) { try data.give(to: 65_534, isHeld: false) }
            #expect(error?.description.contains("\(scratch.path) is closed to it") == true)
        }
    }

    @Test(.enabled(if: Scratch.isRoot, "to others their own directories are as good"))
    func `root works in no directory that others could exchange`() async throws {
        try await Scratch.with { scratch in
            let (parent, link) = (scratch.path + "/parent", scratch.path + "/link")
            try #require(mkdir(parent, 0o755) == 0 && symlink(parent, link) == 0)
            #expect(try DataDirectory(path: link + "/data").path == parent + "/data")
            func isRefused(because reason: String, _ way: String) throws {
                let path = way + "/new"
                let error = #expect(throws: EmbeddedPostgresError.self) { try DataDirectory(path: path) }
                #expect(error?.description.contains(reason + " belongs to another user") == true, "\(path)")
                #expect(access(path, F_OK) != 0)
            }
            try #require(lchown(link, 65_534, 65_534) == 0)
            try isRefused(because: link, link)
            try #require(lchown(link, 0, 0) == 0 && chmod(scratch.path, 0o1777) == 0)
            #expect(try DataDirectory(path: parent + "/sticky").path == parent + "/sticky")
            try isRefused(because: link, link)
            try #require(chmod(scratch.path, 0o755) == 0 && chmod(parent, 0o775) == 0)
            for way in [parent, link] { try isRefused(because: parent, way) }
            try #require(chmod(parent, 0o755) == 0 && chown(parent, 65_534, 65_534) == 0)
            for way in [parent, link] { try isRefused(because: parent, way) }
        }
    }
}
