import Domain
import Testing

@testable import Credentials

@Suite struct SecretBoxTests {
    private enum Thing {}

    private let key = Array(repeating: 1 as UInt8, count: 32)
    private let other = Array(repeating: 2 as UInt8, count: 32)
    private let id = Identifier<Thing>()

    @Test(arguments: ["", "s", "line\nline\n", String(repeating: "é", count: 32_768)])
    func `what was sealed opens as it was, and no two sealings are alike`(text: String) throws {
        let box = try SecretBox(key: key)
        let sealed = box.seal(text, of: id, named: "TOKEN")
        #expect(try box.open(sealed, of: id, named: "TOKEN") == text)
        #expect(sealed != box.seal(text, of: id, named: "TOKEN"))
        #expect(SecretBox.length(of: sealed) == text.utf8.count && box.isCurrent(sealed))
        #expect(text.utf8.count < 4 || !sealed.contains(text))
    }

    @Test func `a sealed text opens nowhere else`() throws {
        let box = try SecretBox(key: key)
        let sealed = box.seal("secret", of: id, named: "TOKEN")
        #expect(throws: SecretBoxError.forged) { try box.open(sealed, of: Identifier<Thing>(), named: "TOKEN") }
        #expect(throws: SecretBoxError.forged) { try box.open(sealed, of: id, named: "TOKEN2") }
    }

    @Test func `a sealed text that was changed anywhere does not open`() throws {
        let box = try SecretBox(key: key)
        let sealed = Array(box.seal("secret", of: id, named: "A").utf8)
        for index in sealed.indices {
            var changed = sealed
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: SecretBoxError.self, "\(index)") {
                try box.open(String(decoding: changed, as: UTF8.self), of: id, named: "A")
            }
        }
        for text in ["", "v1", "v1..", "v1.\(box.fingerprint).", "v1.\(box.fingerprint).AAAA", "v2.x.AAAA"] {
            #expect(throws: SecretBoxError.forged) { try box.open(text, of: id, named: "A") }
            #expect(SecretBox.length(of: text) == 0 && !box.isCurrent(text))
        }
    }

    @Test func `the previous key opens, and only the present one seals`() throws {
        let before = try SecretBox(key: other)
        let sealed = before.seal("secret", of: id, named: "A")
        let box = try SecretBox(key: key, previous: other)
        #expect(try box.open(sealed, of: id, named: "A") == "secret" && !box.isCurrent(sealed))
        let again = box.seal("secret", of: id, named: "A")
        #expect(box.isCurrent(again))
        #expect(throws: SecretBoxError.unknownKey) { try before.open(again, of: id, named: "A") }
    }

    @Test(arguments: [0, 16, 31, 33]) func `a key has 32 bytes`(length: Int) {
        let wrong = Array(repeating: 1 as UInt8, count: length)
        #expect(throws: SecretBoxError.keyLength) { try SecretBox(key: wrong) }
        #expect(throws: SecretBoxError.keyLength) { try SecretBox(key: key, previous: wrong) }
    }
}
