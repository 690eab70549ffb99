import Client
import Domain
import Foundation

/// The logins that are kept for the commands that follow, in a file for its owner alone.
struct SavedLogins {
    struct Login: Equatable {
        let user: String
        let token: String
    }

    private let directory: String
    private var path: String { "\(directory)/logins.json" }
    /// By the address of the server.
    private(set) var logins: [String: Login] = [:]
    /// The address of the last login: what commands ask unless they are told otherwise.
    private(set) var current: String?

    /// Those of the person whose environment this is: under `XDG_CONFIG_HOME`, else `~/.config`.
    ///
    /// - Throws: `SavedLoginsError` where they cannot be read, or others can read them.
    init(_ environment: [String: String]) throws {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            directory = "\(base)/qkron"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            directory = "\(home)/.config/qkron"
        } else {
            directory = ""
        }
        try read()
    }

    private mutating func read() throws {
        var details = stat()
        guard !directory.isEmpty, stat(path, &details) == 0 else { return }
        guard details.st_mode & 0o077 == 0 else {
            throw SavedLoginsError(description: "Others may read \(path): 'chmod 600' it, or log in anew without it.")
        }
        guard let content = FileManager.default.contents(atPath: path), let file = try? JSONValue.parse(content),
            case .object(let logins)? = file.member("logins")
        else { throw SavedLoginsError(description: "\(path) cannot be read; 'qkron login' works without it.") }
        current = file.member("current")?.textValue
        for (address, login) in logins {
            guard let user = login.member("user")?.textValue, let token = login.member("token")?.textValue else {
                continue
            }
            self.logins[address.text] = Login(user: user, token: token)
        }
    }

    /// The login at a server, if there is one.
    subscript(address: ServerAddress) -> Login? { logins[address.description] }

    /// Keeps a login, which is from now on the one that commands use.
    mutating func keep(_ login: Login, at address: ServerAddress) throws {
        logins[address.description] = login
        current = address.description
        try write()
    }

    /// Forgets the login at a server.
    ///
    /// - Returns: whether there was one.
    mutating func forget(_ address: ServerAddress) throws -> Bool {
        guard logins.removeValue(forKey: address.description) != nil else { return false }
        if current == address.description { current = nil }
        try write()
        return true
    }

    private func write() throws {
        guard !directory.isEmpty else {
            throw SavedLoginsError(
                description: "There is no place for a login: neither HOME nor XDG_CONFIG_HOME is set.")
        }
        let logins = logins.map { address, login in
            (TextKey(address), ["user": .string(login.user), "token": .string(login.token)] as JSONValue)
        }
        let file: JSONValue = [
            "current": current.map(JSONValue.string) ?? .null,
            "logins": .object(Dictionary(logins) { $1 }),
        ]
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SavedLoginsError(description: "\(directory) cannot be made.")
        }
        try replace(with: file.serializedBytes() + [UInt8(ascii: "\n")])
    }

    /// Puts the new file in the place of the old one at once, so that there is never half of one.
    private func replace(with bytes: [UInt8]) throws {
        let draft = "\(path).\(getpid()).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        defer { unlink(draft) }
        guard file >= 0 else { throw SavedLoginsError(description: "\(draft) cannot be written.") }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, rename(draft, path) == 0 else {
            throw SavedLoginsError(description: "\(path) cannot be written.")
        }
    }
}

/// Why kept logins cannot be had, or a login not be kept.
struct SavedLoginsError: Error, CustomStringConvertible {
    let description: String
}
