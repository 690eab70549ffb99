import EndToEndSupport
import Testing

/// With whose rights a process runs, as /proc tells.
struct ProcessRights {
    /// The real, effective, saved and file system ids.
    let users: [UInt32]
    let groups: [UInt32]
    let furtherGroups: [UInt32]
    /// Permitted and effective.
    let capabilities: [UInt64]
    let hasNoNewPrivileges: Bool

    init(of process: Int32) throws {
        func words(_ name: String) throws -> [String] { try #require(ProcessTable.status(name, of: process)) }
        users = try words("Uid").compactMap { UInt32($0) }
        groups = try words("Gid").compactMap { UInt32($0) }
        furtherGroups = try words("Groups").compactMap { UInt32($0) }
        capabilities = try (words("CapPrm") + words("CapEff")).compactMap { UInt64($0, radix: 16) }
        hasNoNewPrivileges = try words("NoNewPrivs") == ["1"]
    }

    /// Whether nothing of root is left.
    var areNobodySpecials: Bool {
        !users.contains(0) && !groups.contains(0) && !furtherGroups.contains(0) && capabilities == [0, 0]
            && hasNoNewPrivileges
    }
}
