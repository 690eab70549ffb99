import Foundation
import Glibc
import SystemUsers

/// What root holds executors to that serve a server with fewer rights than theirs. It is said when they are started,
/// and nothing that the server says later changes it.
package struct ExecutorTerms: Sendable, Equatable {
    /// The user id of the server: nobody else but root is heard.
    package let server: UInt32
    /// As whom commands run, and with which groups; no others.
    let identities: [ProcessIdentity]
    /// The data directory of the server: names it to whoever looks at the processes of the machine.
    package let dataDirectory: String

    /// The terms for commands that run as these users.
    package init(server: UInt32, commandUsers: [SystemUser], dataDirectory: String) {
        var identities: [UInt32: ProcessIdentity] = [:]
        for user in commandUsers {
            identities[user.uid] = ProcessIdentity(user: user.uid, group: user.gid, groups: user.groups)
        }
        self.server = server
        self.identities = identities.values.sorted { $0.user < $1.user }
        self.dataDirectory = dataDirectory
    }

    /// The user ids that commands run as.
    package var commandUsers: Set<UInt32> { Set(identities.map(\.user)) }

    /// With whose rights a command runs that is ordered with these; nil: it must not run.
    ///
    /// The groups are the ones that root has said.
    func identity(for ordered: ProcessIdentity?) -> ProcessIdentity? {
        identities.first { $0.user == ordered?.user }
    }

    /// Whether a process can be a command's: it runs as one of their users, or came to us when its executor died. A
    /// mark alone shows nothing: everybody can set it.
    func mayEnd(_ process: ProcessEntry) -> Bool {
        guard let user = ProcessTable.user(of: process.pid) else { return false }
        return commandUsers.contains(user) || process.parent == getpid()
    }

    // MARK: - As arguments of a program

    /// The terms in three words.
    package var words: [String] { [String(server), spelledIdentities, dataDirectory] }

    /// The terms that three words spell; nil where they spell none.
    package init?(words: [String]) {
        guard words.count == 3, let server = UInt32(words[0]) else { return nil }
        let identities = words[1].split(separator: "/").map { Self.identity(spelled: $0) }
        guard !identities.isEmpty, !identities.contains(nil) else { return nil }
        self.server = server
        self.identities = identities.compactMap(\.self)
        dataDirectory = words[2]
    }

    /// `user:group:group,group` of each, with strokes between them.
    private var spelledIdentities: String {
        identities.map { identity in
            "\(identity.user):\(identity.group):" + identity.groups.map(String.init).joined(separator: ",")
        }.joined(separator: "/")
    }

    private static func identity(spelled text: Substring) -> ProcessIdentity? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let user = UInt32(parts[0]), let group = UInt32(parts[1]) else { return nil }
        let groups = parts[2].split(separator: ",").map { UInt32($0) }
        guard !groups.contains(nil) else { return nil }
        return ProcessIdentity(user: user, group: group, groups: groups.compactMap(\.self))
    }

    // MARK: - Of which making

    /// Names the making of an executor: its program file (see `ProgramIdentity`), and the terms that it is held to.
    static func program(_ program: String, _ terms: ExecutorTerms?) -> String {
        terms.map { "\(program) \($0.server) \($0.spelledIdentities)" } ?? program
    }
}
