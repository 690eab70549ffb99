import Credentials
import Foundation
import Storage

/// The keys of an installation.
struct Secrets: Sendable {
    /// Signs tokens.
    let tokenKey: [UInt8]
    /// Signed tokens before; still accepted.
    let previousTokenKey: [UInt8]?
    /// Seals what is secret in tasks, and opens it.
    let box: SecretBox
    private let previousBoxFingerprint: String?

    /// The keys that are configured, else those kept in the data directory, made at first start.
    init(_ settings: Configuration.IdentitySettings, dataDirectory: String) throws {
        let file = dataDirectory + "/secret_key"
        tokenKey = try settings.secretKey.map { Array($0.utf8) } ?? SecretFile.loadOrCreate(path: file)
        previousTokenKey = try settings.secretKeyPrevious.map { previous in
            // The key that was made up here is the bytes that its file spells, handed on as what it is as well.
            guard let madeUp = try SecretFile.load(path: file), SecretFile.decode(previous) == madeUp else {
                return Array(previous.utf8)
            }
            return madeUp
        }
        box = try SecretBox(
            key: settings.encryptionKey ?? SecretFile.loadOrCreate(path: dataDirectory + "/encryption_key"),
            previous: settings.encryptionKeyPrevious)
        previousBoxFingerprint = settings.encryptionKeyPrevious.map(Fingerprint.of)
    }

    /// Makes sure that all servers of the database share the keys: the first one's fingerprints are kept there.
    ///
    /// - Throws: `SecretsError` if the database knows another key, and not as the previous one.
    func checkShared(in store: Store) async throws {
        try await Self.check(
            "SECRET_KEY", Fingerprint.of(tokenKey), previous: previousTokenKey.map(Fingerprint.of), in: store)
        try await Self.check("ENCRYPTION_KEY", box.fingerprint, previous: previousBoxFingerprint, in: store)
    }

    private static func check(_ name: String, _ own: String, previous: String?, in store: Store) async throws {
        let key = "\(name.lowercased())_fingerprint"
        let known = try await store.fingerprint(key, orStore: own)
        guard known != own else { return }
        guard known == previous else { throw SecretsError(name: name) }
        try await store.replaceFingerprint(key, with: own)
    }
}

/// The servers of one database do not share a key.
struct SecretsError: Error, CustomStringConvertible {
    /// The setting that holds it.
    let name: String

    var description: String {
        """
        The other servers of this database use another \(name). Give this one the same, or, to replace the key, set \
        \(name) to the new one and \(name)_PREVIOUS to the old one.
        """
    }
}
