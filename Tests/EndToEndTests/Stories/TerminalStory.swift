import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// Root starts a server in a terminal and goes on to work there.
    @Suite(.enabled(if: getuid() == 0, "only root's terminal is worth it")) struct TerminalStory {
        /// Says what it can of terminals: whether it has one of its own, and into which it can type.
        private static let typist = """
            open(T, '+<', '/dev/tty') and print "has a terminal\\n";
            for my $n (0..63) { open(F, "+<&=$n") && ioctl(F, 0x5412, my $c = 'x') and print "types into $n\\n" }
            for my $path (glob('/dev/tty* /dev/console /dev/pts/*')) {
                open(my $f, '+<', $path) or next;
                ioctl($f, 0x5412, my $c = 'x') and print "types into $path\\n";
            }
            print "done\\n";
            """

        @Test func `neither a command nor the server can type into the terminal, or read from it`() async throws {
            try await Story.tell("terminal") { story in
                let (program, pid) = ("\(story.directory)/in_terminal", "\(story.directory)/pid")
                let server = await story.unstartedServer(program: program)
                // As in a shell, its process leads neither the session nor, beside the shell, anything else.
                let serve = "exec \(try Tool.qkron()) $* >> \(server.dataDirectory).1.out"
                let start = """
                    #!/bin/sh
                    exec script -qefc "sh -c 'echo \\$\\$ > \(pid); \(serve)'; exit" /dev/null
                    """
                try await story.shell("cat > \(program) <<'END'\n\(start)\nEND\nchmod 755 \(program)")
                try await server.start()
                let process = try #require(Int32(story.lines("pid")[0]))
                let errors = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/2")
                #expect(errors.hasPrefix("/dev/pts/"), "it is in a terminal")
                let person = try await server.newcomer()
                try "\(Self.typist)".write(toFile: "\(story.directory)/typist", atomically: false, encoding: .utf8)
                let task = try await person.makeTask(["command": .string("perl \(story.directory)/typist")])
                for round in 1...2 {
                    let others = [try await server.executorID()] + ProcessTable.launchers(of: server.dataDirectory)
                    #expect(others.count == 2)
                    for process in [process] + others { #expect(try terminal(of: process) == 0, "\(process)") }
                    #expect(try mode(of: 2, process) == O_WRONLY, "what root types is not for it")
                    #expect(try mode(of: 0, process) == O_RDONLY)
                    let run = try await person.execution(try await person.execute(task), of: task, is: "completed")
                    #expect(run["stdout"] == "done\n")
                    guard round == 1 else { break }
                    let before = await listened(server)
                    kill(process, SIGHUP)
                    try await eventually("the replacement listens") { await listened(server) == before + 1 }
                    try await server.waitUntilReady()
                }
                kill(process, SIGTERM)
                try await eventually("it ends") { !ProcessTable.isAlive(process) }
            }
        }

        private func listened(_ server: QkronServer) async -> Int {
            // A terminal ends its lines in its own way.
            await server.output.split(whereSeparator: \.isNewline).count { $0.hasPrefix("Listening") }
        }

        /// The number of the terminal that controls a process; 0: none.
        private func terminal(of process: Int32) throws -> Int? {
            let status = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            let fields = try #require(status.split(separator: ")").last).split(separator: " ")
            return Int(fields[4])
        }

        /// Whether a descriptor of a process reads, writes or does both.
        private func mode(of descriptor: Int, _ process: Int32) throws -> Int32 {
            let information = try String(contentsOfFile: "/proc/\(process)/fdinfo/\(descriptor)", encoding: .utf8)
            let flags = try #require(information.split(separator: "\n").first { $0.hasPrefix("flags:") })
            return try #require(Int32(flags.dropFirst(6).trimmingCharacters(in: .whitespaces), radix: 8)) & O_ACCMODE
        }
    }
}
