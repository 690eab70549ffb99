import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron scheduler`: on a server of its own, for it stops all tasks.
    @Suite struct SchedulerCommandTests {
        @Test func `all firing is paused by a superuser, told to everybody, and resumed`() async throws {
            try await Story.tell("scheduler") { story in
                let server = try await story.server()
                let root = try await server.superuser()
                let superuser = try await Shell(server, ["QKRON_TOKEN": root.token])
                let person = try await Shell(server, ["QKRON_TOKEN": try await server.newcomer().token])
                #expect(try await person.qkron("scheduler", "status").output == "Tasks fire.\n")
                let refused = try await person.qkron("scheduler", "pause")
                #expect(refused.failed(3, "superuser") && refused.output.isEmpty, "\(refused)")

                let paused = try await superuser.qkron("scheduler", "pause", "--json")
                #expect(try paused.json == (try await root.get("/scheduler")), "\(paused)")
                #expect(try paused.json["paused"] == true && paused.json["paused_by"] == .string(root.username))
                let status = try await person.qkron("scheduler", "status")
                #expect(status.output.hasPrefix("All firing is paused since ") && status.output.contains(root.username))
                #expect(try await superuser.qkron("scheduler", "pause").output == status.output, "once is enough")
                #expect(try await superuser.qkron("scheduler", "resume").output == "Tasks fire.\n")
                let resumed = try await person.qkron("scheduler", "status", "--json")
                #expect(try resumed.json == ["paused": false, "paused_at": nil, "paused_by": nil], "\(resumed)")
            }
        }
    }
}
