import COpenSSL
import Domain

/// A password on its way to the hash function, wiped from memory afterwards.
final class Passphrase: Sendable {
    /// The longest password in Unicode scalars; longer ones are wrong without being hashed.
    static let longest = User.passwordLength.upperBound

    // Safe to share: written before anyone else sees it, and wiped when nobody does any more.
    private nonisolated(unsafe) let characters: UnsafeMutableBufferPointer<CChar>

    /// Nil for a password that no account can have: too long, empty, or holding NUL.
    init?(_ password: String) {
        guard (1...Self.longest).contains(password.unicodeScalars.prefix(Self.longest + 1).count),
            !password.utf8.contains(0)
        else { return nil }
        characters = .allocate(capacity: password.utf8.count + 1)
        _ = characters.initialize(from: password.utf8.lazy.map(CChar.init(bitPattern:)))
        characters[characters.count - 1] = 0
    }

    deinit {
        OPENSSL_cleanse(characters.baseAddress, characters.count)
        characters.deallocate()
    }

    /// Lends the password to C; null-terminated, and valid only within the body.
    func withCharacters<Value>(_ body: (UnsafePointer<CChar>?) -> Value) -> Value {
        body(characters.baseAddress)
    }
}
