import ArgumentParser
import Client
import Domain

/// Reads the audit log, over the HTTP API of a server.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who changed what, newest first; asks a server, as a superuser.",
        discussion: "With --json, each row tells what stood before and after. " + CommandFailure.codesInWords)

    @Option(help: "Only what this account did, be it by a key; its username or id.")
    var actor: String?
    @Option(help: "Only what was done by this API key; its id, or its name, if it is yours or that of --actor.")
    var key: String?
    @Option(help: "Only this action, such as task.update.")
    var action: String?
    @Option(help: "Only changes of this kind of thing, such as task or user.")
    var resourceType: String?
    @Option(help: "Only changes of the thing of this id.")
    var resourceId: String?
    @Option(help: "From this time on, such as 2026-03-01T02:30:00Z.")
    var since: String?
    @Option(help: "Before this time.")
    var until: String?
    @Option(help: "Show so many at most.")
    var limit = 50
    @Option(help: "Leave out so many of the newest: to see the next page.")
    var skip = 0

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
        if skip < 0 { throw ValidationError("--skip must be 0 or more.") }
    }

    func run() async throws {
        try await options.withServer { server in
            var filter: [Query] = []
            var account: Identifier<User>?
            if let actor { account = try await AccountChoice.id(of: actor, on: server) }
            if let account { filter.append(Query("actor_id", "\(account)")) }
            if let key {
                filter.append(Query("api_key_id", "\(try await KeyChoice.id(of: key, ownedBy: account, on: server))"))
            }
            let given = [
                ("action", action), ("resource_type", resourceType), ("resource_id", resourceId), ("since", since),
                ("until", until),
            ]
            for case (let name, let value?) in given { filter.append(Query(name, value)) }
            let rows = try await server.auditRows(filter, after: skip, upTo: limit)
            output.show(.array(rows), or: Self.table(of: rows))
        }
    }

    private static func table(of rows: [JSONValue]) -> String {
        let heads = ["TIME", "ACTOR", "BY", "KEY", "FROM", "ACTION", "RESOURCE", "CHANGES"]
        let cells = rows.map { row in
            [
                row.cell("timestamp"), row.cell("actor_name"), row.cell("actor_type"), row.cell("api_key_name"),
                row.cell("ip"), row.cell("action"), row.cell("resource_id"), changes(in: row),
            ]
        }
        return TextTable.render([heads] + cells)
    }

    /// The names of the fields that were changed; how many, where a whole thing was made or ended.
    private static func changes(in row: JSONValue) -> String {
        guard case .object(let changes)? = row.member("changes"), !changes.isEmpty else { return "-" }
        guard changes.count <= 6 else { return "\(changes.count) fields" }
        return changes.keys.sorted().map(\.text).joined(separator: ", ")
    }
}
