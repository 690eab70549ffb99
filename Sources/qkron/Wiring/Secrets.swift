import Credentials
import Foundation
import Storage

/// The keys of an installation.
struct Secrets: Sendable {
    /// Signs tokens.
    let tokenKey: [UInt8]
    /// Signed tokens before; still accepted.
    let previousTokenKey: [UInt8]?

    /// The keys that are configured, else those kept in the data directory, made at first start.
    init(_ settings: Configuration.IdentitySettings, dataDirectory: String) throws {
        tokenKey =
            try settings.secretKey.map { Array($0.utf8) }
            ?? SecretFile.loadOrCreate(path: dataDirectory + "/secret_key")
        previousTokenKey = settings.secretKeyPrevious.map { Array($0.utf8) }
    }

    /// Makes sure that all servers of the database share the key: the first one's fingerprint is kept there.
    ///
    /// - Throws: `SecretsError` if the database knows another key, and not as the previous one.
    func checkShared(in store: Store) async throws {
        let own = Fingerprint.of(tokenKey)
        let known = try await store.fingerprint("secret_key_fingerprint", orStore: own)
        guard known != own else { return }
        guard let previousTokenKey, known == Fingerprint.of(previousTokenKey) else {
            throw SecretsError()
        }
        try await store.replaceFingerprint("secret_key_fingerprint", with: own)
    }
}

/// The servers of one database do not share their key.
struct SecretsError: Error, CustomStringConvertible {
    var description: String {
        """
        The other servers of this database use another SECRET_KEY. Give this one the same, or, to replace the key, set \
        SECRET_KEY to the new one and SECRET_KEY_PREVIOUS to the old one.
        """
    }
}
