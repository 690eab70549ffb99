import Testing

@testable import Credentials

private func bytes(_ hexadecimal: String) -> [UInt8] {
    var digits = Substring(hexadecimal.filter { !$0.isWhitespace })
    var bytes: [UInt8] = []
    while !digits.isEmpty {
        bytes.append(UInt8(digits.prefix(2), radix: 16)!)
        digits = digits.dropFirst(2)
    }
    return bytes
}

@Suite struct HMACSHA256Tests {
    /// RFC 4231, cases 1 to 4, 6 and 7.
    static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
        (
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xCD, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test(arguments: vectors)
    func `the published vectors hold`(key: [UInt8], message: [UInt8], code: String) {
        let authenticator = HMACSHA256(key: key)
        #expect(authenticator.code(for: message) == bytes(code))
        #expect(authenticator.code(for: message) == bytes(code), "a second time under the same key")
    }

    @Test func `one key serves many threads at once`() async {
        let authenticator = HMACSHA256(key: Array("Jefe".utf8))
        let expected = bytes(Self.vectors[1].code)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<500).count { _ in authenticator.code(for: Self.vectors[1].message) != expected }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test func `an empty message has a code`() {
        #expect(
            HMACSHA256(key: [1]).code(for: []) == HMACSHA256(key: [1]).code(for: Array("".utf8)))
    }

    @Test func `comparison heeds length and every byte`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(!constantTimeEquals([], [0]))
    }

    @Test func `a fingerprint is short, steady and its secret's own`() {
        let fingerprint = Fingerprint.of(Array("one secret".utf8))
        #expect(fingerprint.count == 16)
        #expect(fingerprint.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect(fingerprint == Fingerprint.of(Array("one secret".utf8)))
        #expect(fingerprint != Fingerprint.of(Array("another secret".utf8)))
    }

    @Test func `a fingerprint is the code of a fixed text`() {
        let code = HMACSHA256(key: [7]).code(for: Array("qkron fingerprint".utf8))
        #expect(bytes(Fingerprint.of([7])) == Array(code.prefix(8)))
    }
}
