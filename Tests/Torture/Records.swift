import EndToEndSupport
import Foundation

/// What is kept of a run for whoever looks into it.
enum Records {
    /// Copies the ledger, the logs and a dump of the tables out of the workspace.
    static func keep(of workspace: Workspace, seed: UInt64, database: Database? = nil) async {
        let target = "/tmp/torture-\(seed)-\(getpid())"
        let script = """
            mkdir -p '\(target)' && cp '\(workspace.root)'/ledger*/ledger '\(workspace.root)'/*.log '\(target)/'
            cp '\(workspace.root)'/*/*.log '\(target)/' 2>/dev/null
            """
        let tool = Tool(workspace: workspace)
        _ = try? await tool.run(["/bin/sh", "-c", script])
        if let database, let dump = try? Tool.find("pg_dump") {
            _ = try? await tool.run([
                dump, "-h", database.host, "-p", "\(database.port)", "-U", "qkron", "-n", "qkron", "-f",
                "\(target)/tables.sql", database.name,
            ])
        }
        Progress.say("The ledger, the logs and a dump of the tables are kept in \(target)")
    }
}
