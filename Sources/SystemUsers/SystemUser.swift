import Glibc

/// A user of this system, as its user database tells.
package struct SystemUser: Sendable, Equatable {
    /// The login name.
    package let name: String
    /// The user id.
    package let uid: UInt32
    /// The primary group id.
    package let gid: UInt32
    /// The home directory, as recorded; it need not exist.
    package let home: String
    /// All groups of the user, the primary one included.
    package let groups: [UInt32]

    /// The user of that name; nil where there is none. May block on a network directory.
    package static func lookup(_ name: String) -> SystemUser? {
        read { getpwnam_r(name, $0, $1, $2, $3) }
    }

    /// The user of that id; nil where the database does not know it.
    package static func lookup(_ id: UInt32) -> SystemUser? {
        read { getpwuid_r(id, $0, $1, $2, $3) }
    }

    /// The name of a user id, or its number where it has none.
    package static func name(of id: UInt32) -> String {
        lookup(id)?.name ?? String(id)
    }

    /// The user this process runs as; one without a name where the database does not know its id.
    package static var current: SystemUser {
        let uid = geteuid()
        return lookup(uid)
            ?? SystemUser(name: String(uid), uid: uid, gid: getegid(), home: "/", groups: [getegid()])
    }

    private typealias Entry = UnsafeMutablePointer<passwd>
    private typealias Found = UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>

    private static func read(_ ask: (Entry, UnsafeMutablePointer<CChar>, Int, Found) -> Int32) -> SystemUser? {
        var size = 4096
        while size <= 1 << 20 {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let error = ask(&entry, buffer, size, &found)
            if error == ERANGE {
                size *= 4
                continue
            }
            guard error == 0, found != nil else { return nil }
            return SystemUser(
                name: String(cString: entry.pw_name), uid: entry.pw_uid, gid: entry.pw_gid,
                home: String(cString: entry.pw_dir), groups: groups(of: entry))
        }
        return nil
    }

    private static func groups(of entry: passwd) -> [UInt32] {
        var count: Int32 = 64
        while count <= 1 << 16 {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let offered = count
            if getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0 {
                return Array(groups.prefix(Int(count)))
            }
            count = max(count, offered * 2)
        }
        return [entry.pw_gid]
    }
}
