import COpenSSL

/// Message authentication codes under one key: HMAC with SHA-256 (RFC 2104, FIPS 180-4).
final class HMACSHA256: Sendable {
    static let codeLength = 32

    // Safe to share: keyed before anyone else sees it, and from then on only copied, which changes nothing in it.
    private nonisolated(unsafe) let keyed: OpaquePointer

    /// - Precondition: the key is not empty.
    init(key: [UInt8]) {
        precondition(!key.isEmpty, "an empty key authenticates nothing")
        let algorithm = EVP_MAC_fetch(nil, "HMAC", nil)
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { preconditionFailure("OpenSSL offers no HMAC") }
        keyed = context
        var digest = Array("SHA256".utf8CString)
        // The parameters keep the address of their name, so it has to live as long as they do.
        let isKeyed = OSSL_MAC_PARAM_DIGEST.withCString { name in
            digest.withUnsafeMutableBufferPointer { digest in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, digest.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return EVP_MAC_init(context, key, key.count, parameters) == 1
            }
        }
        precondition(isKeyed, "OpenSSL offers no SHA-256")
    }

    deinit {
        EVP_MAC_CTX_free(keyed)
    }

    func code(for message: [UInt8]) -> [UInt8] {
        let context = EVP_MAC_CTX_dup(keyed)
        defer { EVP_MAC_CTX_free(context) }
        var length = 0
        var code = [UInt8](repeating: 0, count: Self.codeLength)
        // Neither fails but for want of memory.
        precondition(EVP_MAC_update(context, message, message.count) == 1, "HMAC failed")
        precondition(EVP_MAC_final(context, &code, &length, code.count) == 1 && length == code.count, "HMAC failed")
        return code
    }
}
