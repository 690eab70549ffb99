import Foundation

/// Why a secret could not be had from its file. No case holds any of the content.
package enum SecretFileError: Error, Equatable, CustomStringConvertible {
    /// Others than its owner may read or change it.
    case tooOpen(path: String, mode: UInt32)
    /// Not a file, or its content is not base64 of enough bytes.
    case malformed(path: String, minimumBytes: Int)
    /// The operating system refused a step.
    case failed(step: String, path: String, errno: Int32)

    /// One sentence for a person.
    package var description: String {
        switch self {
        case .tooOpen(let path, let mode):
            "\(path) may be used by others (mode \(String(mode, radix: 8))); run: chmod 600 '\(path)'"
        case .malformed(let path, let minimumBytes):
            "\(path) must be a file with the base64 text of at least \(minimumBytes) bytes"
        case .failed(let step, let path, let code):
            "cannot \(step) \(path): \(String(cString: strerror(code)))"
        }
    }
}

/// A secret that the server makes for itself at its first start and finds again at the next.
package enum SecretFile {
    /// Bytes of a secret that is made here.
    package static let usualLength = 32
    private static let longestContent = 4096

    /// The secret in the file, which is made with mode 0600 if there is none; several starters agree on one secret.
    ///
    /// The content is base64, with or without padding and a line end.
    /// - Parameter bytes: how long a new secret is, and an existing one at least.
    /// - Throws: `SecretFileError`
    package static func loadOrCreate(path: String, bytes: Int = usualLength) throws -> [UInt8] {
        if let secret = try load(path: path, bytes: bytes) { return secret }
        let secret = Data(randomBytes(bytes)).base64EncodedString()
        try PrivateFile.create(path: path, content: secret + "\n")
        guard let secret = try load(path: path, bytes: bytes) else {
            throw SecretFileError.failed(step: "find", path: path, errno: ENOENT)
        }
        return secret
    }

    /// The secret in the file; nil if there is none.
    ///
    /// - Parameter bytes: how long it is at least.
    /// - Throws: `SecretFileError`
    package static func load(path: String, bytes: Int = usualLength) throws -> [UInt8]? {
        // Without O_NONBLOCK the opening of a named pipe would wait for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw SecretFileError.failed(step: "open", path: path, errno: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw SecretFileError.failed(step: "examine", path: path, errno: errno)
        }
        let malformed = SecretFileError.malformed(path: path, minimumBytes: bytes)
        guard status.st_mode & S_IFMT == S_IFREG else { throw malformed }
        let mode = UInt32(status.st_mode & 0o777)
        guard mode & 0o077 == 0 else { throw SecretFileError.tooOpen(path: path, mode: mode) }
        var content = [UInt8](repeating: 0, count: longestContent)
        let length = read(file, &content, content.count)
        guard length >= 0 else { throw SecretFileError.failed(step: "read", path: path, errno: errno) }
        guard length < content.count, let secret = decode(String(decoding: content[..<length], as: UTF8.self)),
            secret.count >= bytes
        else {
            throw malformed
        }
        return secret
    }

    /// The secret that the content of such a file spells; nil if that is no base64.
    package static func decode(_ content: String) -> [UInt8]? {
        var text = content.trimmingCharacters(in: .whitespacesAndNewlines)
        while text.utf8.count % 4 != 0, !text.hasSuffix("===") { text += "=" }
        return Data(base64Encoded: text).map(Array.init)
    }
}
