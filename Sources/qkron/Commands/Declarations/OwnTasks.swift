import Client
import Declarations
import Domain

/// The caller's own tasks: what a file may change. Others can give a task of theirs any tag and any name, so that a
/// superuser, who sees them all, must not take those for the file's.
struct OwnTasks {
    private let server: RemoteServer
    private let isOwn: @Sendable (RemoteTask) -> Bool

    /// Finds out who asks.
    ///
    /// - Parameter owner: the username of the owner, where an API key that sees everybody's tasks cannot tell.
    /// - Throws: `ClientError`; `OwnerUnknown`.
    init(of server: RemoteServer, owner: String?) async throws {
        self.server = server
        if let owner {
            isOwn = { $0.text("owner_username") == owner }
            return
        }
        do throws(ClientError) {
            let me = try await server.me().member("id")?.textValue
            isOwn = { $0.text("owner_id") == me }
        } catch {
            guard error.status == 403 else { throw error }
            // A key cannot ask whose it is. Whoever may filter by owner sees more than their own.
            let strangers = [Query("owner_id", "\(Identifier<User>())")]
            let all = try await server.tasks(upTo: 1)
            let seesAll = all.isEmpty ? false : try await server.tasks(strangers, upTo: 1).isEmpty
            guard !seesAll else { throw OwnerUnknown() }
            isOwn = { _ in true }
        }
    }

    /// Whether a task is among them.
    func hold(_ task: RemoteTask) -> Bool { isOwn(task) }

    /// Those that bear a file's mark.
    func marked(_ marker: Marker) async throws(ClientError) -> [Plan.Present] {
        try await server.tasks([Query("tag", marker.tag)]).filter { isOwn($0) && $0.texts("tags").contains(marker.tag) }
            .map(Plan.Present.init)
    }

    /// Those of these names that do not bear the mark.
    func unmarked(_ names: Set<TextKey>, _ marker: Marker) async throws(ClientError) -> [Plan.Present] {
        guard !names.isEmpty else { return [] }
        return try await server.tasks()
            .filter { isOwn($0) && names.contains(TextKey($0.name)) && !$0.texts("tags").contains(marker.tag) }
            .map(Plan.Present.init)
    }
}

/// It cannot be told which tasks are the caller's.
struct OwnerUnknown: Error, CustomStringConvertible {
    let description = "This key sees everybody's tasks; say whose are meant: --owner USERNAME."
}

extension Plan.Present {
    fileprivate init(_ task: RemoteTask) {
        self.init(id: "\(task.id)", name: task.name, json: task.json)
    }
}
