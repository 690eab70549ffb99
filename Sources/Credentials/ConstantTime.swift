import COpenSSL

/// Whether two byte strings are equal, in a time that does not depend on where they differ; their lengths are no
/// secret.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
