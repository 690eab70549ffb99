import COpenSSL

/// SHA-256 (FIPS 180-4): what is kept of secrets that are too random to be guessed.
package enum SHA256 {
    /// The 32 bytes of a text's digest.
    package static func digest(of text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        // It fails for want of memory alone.
        precondition(EVP_Q_digest(nil, "SHA256", nil, bytes, bytes.count, &digest, nil) == 1, "SHA-256 failed")
        return digest
    }

    /// The digest that 64 hexadecimal digits write; nil for any other text.
    package static func digest(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
