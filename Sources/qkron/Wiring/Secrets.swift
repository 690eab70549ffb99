import Credentials
import Storage

/// The keys of a server.
struct Secrets: Sendable {
    private let signing: SigningKeys
    private let sealing: SealingKeys

    /// The keys that are configured, else those kept in the data directory, made at first start.
    init(_ settings: Configuration.IdentitySettings, dataDirectory: String) throws {
        signing = try SigningKeys(settings, dataDirectory: dataDirectory)
        sealing = try SealingKeys(settings, dataDirectory: dataDirectory)
    }

    /// Seals what is secret in tasks, and opens it.
    var box: SecretBox { sealing.box }

    /// Makes sure that all servers of the database share the keys: the first one's fingerprints are kept there.
    ///
    /// - Returns: what signs tokens, and what did before.
    /// - Throws: `SecretsError` if the database knows another key, and not as the previous one.
    func checkShared(in store: Store) async throws -> (current: [UInt8], previous: [[UInt8]]) {
        let keys = try await signing.shared(in: store)
        try await sealing.checkShared(in: store)
        return keys
    }
}

/// What signs tokens, as it is configured: which bytes that means, the database knows.
private struct SigningKeys: Sendable {
    private let current: [[UInt8]]
    private let previous: [[UInt8]]

    init(_ settings: Configuration.IdentitySettings, dataDirectory: String) throws {
        current =
            try settings.secretKey.map(Self.meanings) ?? [SecretFile.loadOrCreate(path: "\(dataDirectory)/secret_key")]
        previous = settings.secretKeyPrevious.map(Self.meanings) ?? []
    }

    /// A text is its bytes; but that of a key that was made up may be handed on as its file has it, which spells the
    /// key.
    private static func meanings(of text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        guard let spelled = SecretFile.decode(text), spelled.count >= SecretFile.usualLength else { return [bytes] }
        return [bytes, spelled]
    }

    /// The key that all servers of the database share, and those before it.
    func shared(in store: Store) async throws -> (current: [UInt8], previous: [[UInt8]]) {
        let own = current.map(Fingerprint.of)
        let known = try await store.fingerprint(SharedKey.signing.fingerprint, orStore: own[0])
        if let place = own.firstIndex(of: known) { return (current[place], previous) }
        guard previous.map(Fingerprint.of).contains(known) else { throw SecretsError(key: .signing) }
        try await store.replaceFingerprint(SharedKey.signing.fingerprint, with: own[0])
        return (current[0], previous)
    }
}

/// What seals the secrets of tasks, and what did before.
struct SealingKeys: Sendable {
    /// Seals what is secret in tasks, and opens it.
    let box: SecretBox
    private let previousFingerprint: String?

    /// The key that is configured, else the one kept in the data directory, made at first start.
    init(_ settings: Configuration.IdentitySettings, dataDirectory: String) throws {
        let key = try settings.encryptionKey ?? SecretFile.loadOrCreate(path: Self.file(in: dataDirectory))
        try self.init(key, settings)
    }

    /// The key that is configured, else the one that is in the data directory: none is made.
    ///
    /// - Throws: `ConsoleError.noKey`
    init(of servers: Configuration) throws {
        let settings = servers.identity
        guard let key = try settings.encryptionKey ?? SecretFile.load(path: Self.file(in: servers.dataDirectory)) else {
            throw ConsoleError.noKey
        }
        try self.init(key, settings)
    }

    private init(_ key: [UInt8], _ settings: Configuration.IdentitySettings) throws {
        box = try SecretBox(key: key, previous: settings.encryptionKeyPrevious)
        previousFingerprint = settings.encryptionKeyPrevious.map(Fingerprint.of)
    }

    private static func file(in directory: String) -> String { "\(directory)/encryption_key" }

    /// Makes sure that the key is the one that all servers of the database share.
    func checkShared(in store: Store) async throws {
        let key = SharedKey.encryption.fingerprint
        let known = try await store.fingerprint(key, orStore: box.fingerprint)
        guard known != box.fingerprint else { return }
        guard known == previousFingerprint else { throw SecretsError(key: .encryption) }
        try await store.replaceFingerprint(key, with: box.fingerprint)
    }
}

/// The servers of one database do not share a key.
struct SecretsError: Error, CustomStringConvertible {
    let key: SharedKey

    var description: String {
        let name = key.rawValue
        let word = key == .signing ? "signing-key" : "encryption-key"
        return """
            The other servers of this database use another \(name), or it was made with another. Give this one the same, or, \
            to replace the key, set \(name) to the new one and \(name)_PREVIOUS to the old one. Where the old one is lost: \
            qkron secrets forget \(word)
            """
    }
}
