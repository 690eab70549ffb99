import COpenSSL
import CXCrypt
import Foundation

/// Why a password was not hashed.
package enum PasswordError: Error, Equatable {
    /// Empty, longer than 72 characters, or holding NUL.
    case unacceptable
    /// Too many others wait for the same.
    case overloaded
    /// The system's libcrypt cannot make yescrypt hashes.
    case unsupported
}

/// Hashes passwords with yescrypt, in the system's own format (`$y$…`, crypt(5)), on threads of its own.
///
/// At most as many hashes as there are threads are under way at once, because each takes memory (1 MB at cost 1, 15 MB
/// at 5, 31 MB at 6) and a core. Further callers wait in the order of their coming; one that is cancelled while it
/// waits leaves at once with `CancellationError`.
package struct PasswordHasher: Sendable {
    private static let waitingLimit = 1024

    private let cost: Int
    private let threads: HashingThreads
    /// Settings without a hash, of the costs from 1 to `cost`: working with one takes as long as with a real one, and
    /// nothing can equal it.
    private let decoys: [String]

    /// The decoy of the configured cost.
    private var decoy: String { decoys[cost - 1] }

    /// - Parameters:
    ///   - cost: from 1 (a millisecond, for tests) over 5 (18 ms) to 11; each step doubles time and memory.
    ///   - threads: how many hashes may be under way at once, at least 1.
    /// - Throws: `PasswordError.unsupported`
    package init(
        cost: Int, threads: Int = threads(ofCores: ProcessInfo.processInfo.activeProcessorCount)
    ) throws(PasswordError) {
        precondition((1...11).contains(cost), "yescrypt's cost is 1 to 11")
        self.cost = cost
        self.threads = HashingThreads(count: threads, waitingLimit: Self.waitingLimit)
        var decoys: [String] = []
        for cost in 1...cost { decoys.append(try Self.newSetting(cost: cost)) }
        self.decoys = decoys
    }

    /// How many hashes may be under way at once on so many cores: one core stays free for what has to answer soon,
    /// however many log in.
    package static func threads(ofCores count: Int) -> Int {
        max(1, count - 1)
    }

    /// A hash to store, under a salt of its own.
    ///
    /// - Throws: `PasswordError`, `CancellationError`
    package func hash(_ password: String) async throws -> String {
        guard let passphrase = Passphrase(password) else { throw PasswordError.unacceptable }
        let setting = try Self.newSetting(cost: cost)
        guard let hash = try await threads.run({ Self.crypt(passphrase, setting: setting) }) else {
            throw PasswordError.unsupported
        }
        return hash
    }

    /// Whether this is the password of the stored hash.
    ///
    /// Without a stored hash (an unknown user), or with one that is none, the answer is false after the same work. A
    /// hash of a lower cost than the configured one takes the work of the configured one; one of a higher cost, or of
    /// another method, takes its own until it is renewed (`isCurrent`).
    /// A password longer than 72 characters, empty or holding NUL is wrong without being hashed.
    /// - Throws: `PasswordError`, `CancellationError`
    package func verify(_ password: String, against stored: String?) async throws -> Bool {
        guard let passphrase = Passphrase(password) else { return false }
        let setting = setting(for: stored)
        let padding = padding(for: setting)
        let hash = try await threads.run { [decoy] in
            for cheap in padding { _ = Self.crypt(passphrase, setting: cheap) }
            // A damaged hash fails early and must not be told apart by that.
            return Self.crypt(passphrase, setting: setting) ?? Self.crypt(passphrase, setting: decoy)
        }
        guard let hash else { throw PasswordError.unsupported }
        return constantTimeEquals(Array(hash.utf8), Array(setting.utf8))
    }

    /// Whether a stored hash is of the configured method and cost; if not, it should be renewed when its password is
    /// known.
    package func isCurrent(_ stored: String) -> Bool {
        Self.parameters(of: stored) == Self.parameters(of: decoy)
    }

    /// What is worked beside a setting of a lower cost: each cost doubles the work, so the settings from its own cost
    /// up to the last before the configured one are, with itself, as much work as the configured one.
    func padding(for setting: String) -> ArraySlice<String> {
        let parameters = Self.parameters(of: setting)
        let first = decoys.firstIndex { Self.parameters(of: $0) == parameters }
        return first.map { decoys[$0..<(cost - 1)] } ?? []
    }

    /// The method and the cost of a setting or a hash, as `$y$j9T`.
    private static func parameters(of setting: String) -> [Substring] {
        Array(setting.split(separator: "$", omittingEmptySubsequences: false).prefix(3))
    }

    /// What the password is hashed under, and what the hash must then equal.
    func setting(for stored: String?) -> String {
        guard let stored, crypt_checksalt(stored) == CRYPT_SALT_OK else { return decoy }
        return stored
    }

    private static func newSetting(cost: Int) throws(PasswordError) -> String {
        guard let setting = crypt_gensalt_ra("$y$", UInt(cost), nil, 0) else { throw .unsupported }
        defer { free(setting) }
        return String(cString: setting)
    }

    private static func crypt(_ passphrase: Passphrase, setting: String) -> String? {
        var workspace: UnsafeMutableRawPointer?
        var size: Int32 = 0
        defer {
            if let workspace {
                OPENSSL_cleanse(workspace, Int(size))
                free(workspace)
            }
        }
        return passphrase.withCharacters { characters in
            // A hash that starts with an asterisk is libcrypt's way of reporting a failure.
            guard let hash = crypt_ra(characters, setting, &workspace, &size), hash[0] != CChar(UInt8(ascii: "*"))
            else { return nil }
            return String(cString: hash)
        }
    }
}
