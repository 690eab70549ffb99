import COpenSSL
import Domain
import Foundation

/// Seals texts that must be had back: AES-256-GCM (FIPS 197, SP 800-38D) under a key that is never stored beside them.
///
/// A sealed text reads `v1.KEY.BYTES`: the fingerprint of the key, and nonce, ciphertext and tag in base64url. It opens
/// only for the owner and the name that it was sealed for, so that a copy in another place is worth nothing.
package struct SecretBox: Sendable {
    /// Bytes of a key.
    package static let keyLength = 32
    private static let version = "v1"
    private static let nonceLength = 12
    private static let tagLength = 16

    private let keys: [String: [UInt8]]
    /// The fingerprint of the key that seals.
    package let fingerprint: String

    /// A box that seals under `key`, and opens also what was sealed under `previous`.
    ///
    /// - Throws: `SecretBoxError.keyLength` if a key does not have 32 bytes.
    package init(key: [UInt8], previous: [UInt8]? = nil) throws(SecretBoxError) {
        guard key.count == Self.keyLength, previous.map({ $0.count == Self.keyLength }) ?? true else {
            throw .keyLength
        }
        fingerprint = Fingerprint.of(key)
        var keys = [fingerprint: key]
        if let previous { keys[Fingerprint.of(previous)] = previous }
        self.keys = keys
    }

    /// Seals a text of `owner` under this name.
    package func seal<Owner>(_ text: String, of owner: Identifier<Owner>, named name: String) -> String {
        let nonce = randomBytes(Self.nonceLength)
        let plain = Array(text.utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        let isSealed = withCipher { context in
            var count: Int32 = 0
            let place = Self.place(owner, name)
            return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, keys[fingerprint], nonce) == 1
                && EVP_EncryptUpdate(context, nil, &count, place, Int32(place.count)) == 1
                && EVP_EncryptUpdate(context, &sealed, &count, plain, Int32(plain.count)) == 1
                && EVP_EncryptFinal_ex(context, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
        }
        precondition(isSealed, "OpenSSL does not encrypt")
        return "\(Self.version).\(fingerprint).\(Base64URL.encode(nonce + sealed + tag))"
    }

    /// Opens what was sealed for `owner` under this name.
    ///
    /// - Throws: `SecretBoxError`
    package func open<Owner>(
        _ sealed: String, of owner: Identifier<Owner>, named name: String
    ) throws(SecretBoxError) -> String {
        let (fingerprint, bytes) = try Self.parts(of: sealed)
        guard let key = keys[fingerprint] else { throw .unknownKey }
        let body = Array(bytes[Self.nonceLength..<bytes.count - Self.tagLength])
        var tag = Array(bytes.suffix(Self.tagLength))
        var plain = [UInt8](repeating: 0, count: body.count)
        let isGenuine = withCipher { context in
            var count: Int32 = 0
            let place = Self.place(owner, name)
            return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, Array(bytes.prefix(Self.nonceLength))) == 1
                && EVP_DecryptUpdate(context, nil, &count, place, Int32(place.count)) == 1
                && EVP_DecryptUpdate(context, &plain, &count, body, Int32(body.count)) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
                && EVP_DecryptFinal_ex(context, nil, &count) == 1
        }
        guard isGenuine else { throw .forged }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Whether a sealed text was sealed under the key that seals now.
    package func isCurrent(_ sealed: String) -> Bool {
        (try? Self.parts(of: sealed).fingerprint) == fingerprint
    }

    /// How many bytes of UTF-8 the text has that was sealed; 0 where it is none.
    package static func length(of sealed: String) -> Int {
        // What is malformed has no length, and says so when it is opened.
        (try? parts(of: sealed).bytes.count - nonceLength - tagLength) ?? 0
    }

    private static func parts(of sealed: String) throws(SecretBoxError) -> (fingerprint: String, bytes: [UInt8]) {
        let parts = sealed.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual(version.utf8), let bytes = Base64URL.decode(parts[2]),
            bytes.count >= nonceLength + tagLength
        else { throw .forged }
        return (String(decoding: parts[1], as: UTF8.self), bytes)
    }

    /// What ties a sealed text to its place.
    private static func place<Owner>(_ owner: Identifier<Owner>, _ name: String) -> [UInt8] {
        Array("\(owner.description):\(name)".utf8)
    }

    private func withCipher(_ body: (OpaquePointer?) -> Bool) -> Bool {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        return body(context)
    }
}

/// Why a sealed text cannot be had. No case holds any of it.
package enum SecretBoxError: Error, Equatable, CustomStringConvertible {
    /// A key has not 32 bytes.
    case keyLength
    /// It was sealed under a key that is not at hand.
    case unknownKey
    /// It is none, or was sealed for another place, or somebody changed it.
    case forged

    /// One sentence for a person.
    package var description: String {
        switch self {
        case .keyLength: "ENCRYPTION_KEY and ENCRYPTION_KEY_PREVIOUS must be 32 bytes in base64"
        case .unknownKey: "it was sealed under a key that this server does not have"
        case .forged: "it is damaged, or was sealed for another task"
        }
    }
}
