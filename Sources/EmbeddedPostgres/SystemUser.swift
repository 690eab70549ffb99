import Foundation

/// A user of this machine, as the password database describes it.
struct SystemUser: Sendable, Equatable {
    let name: String
    let id: uid_t
    let groupID: gid_t
    /// Every group of the user, its own among them.
    let groups: [gid_t]

    /// As whom the server runs: `postgres` when we are root (PostgreSQL refuses root), else ourselves.
    static func forServer() throws -> SystemUser {
        guard geteuid() == 0 else { return try current() }
        guard let user = lookUp({ getpwnam_r("postgres", $0, $1, $2, $3) }) else {
            throw EmbeddedPostgresError.userMissing(name: "postgres")
        }
        return user
    }

    static func current() throws -> SystemUser {
        let id = geteuid()
        guard let user = of(id) else { throw EmbeddedPostgresError.userUnnamed(id: id) }
        return user
    }

    /// The user of that id; nil where it has no name.
    static func of(_ id: uid_t) -> SystemUser? {
        lookUp { getpwuid_r(id, $0, $1, $2, $3) }
    }

    /// The name of a user id, or its number where it has none.
    static func name(of id: uid_t) -> String {
        of(id)?.name ?? String(id)
    }

    private typealias Reading = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ read: Reading) -> SystemUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 16_384)
        return text.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, read(&entry, base, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return nil }
            return SystemUser(
                name: String(cString: name), id: entry.pw_uid, groupID: entry.pw_gid,
                groups: groups(of: name, and: entry.pw_gid))
        }
    }

    private static func groups(of name: UnsafePointer<CChar>, and groupID: gid_t) -> [gid_t] {
        var count: Int32 = 1_024
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, groupID, &groups, &count) >= 0 else { return [groupID] }
        return Array(groups.prefix(Int(count)))
    }
}
