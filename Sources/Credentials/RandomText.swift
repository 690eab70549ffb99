import COpenSSL

/// Unguessable text.
package enum RandomText {
    /// Letters and digits that cannot be taken for one another.
    static let alphabet = Array("23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ".utf8)

    /// A password that is easy to type over, of 5.8 bits per character, each equally likely.
    package static func password(length: Int = 20) -> String {
        // Bytes from here on would make the first characters likelier than the last.
        let limit = 256 - 256 % alphabet.count
        var text: [UInt8] = []
        while text.count < length {
            let usable = randomBytes(length).filter { $0 < limit }
            text += usable.prefix(length - text.count).map { alphabet[Int($0) % alphabet.count] }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Bytes fit for keys. Without a source of randomness the process ends, as nothing it could go on with would be safe.
func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    precondition(RAND_bytes(&bytes, Int32(count)) == 1, "OpenSSL has no randomness")
    return bytes
}
