import CXCrypt
import Foundation
import Testing

@testable import Credentials

@Suite struct PasswordHasherTests {
    private let hasher: PasswordHasher

    init() throws {
        hasher = try PasswordHasher(cost: 1, threads: 2)
    }

    @Test(arguments: ["correct horse battery staple", "pässwörd 😀", " ", "\"$y$\"", String(repeating: "é", count: 72)])
    func `a password verifies against its hash and others do not`(password: String) async throws {
        let hash = try await hasher.hash(password)
        #expect(hash.hasPrefix("$y$"))
        #expect(try await hasher.verify(password, against: hash))
        #expect(try await !hasher.verify(String(password.dropLast()), against: hash))
        #expect(try await !hasher.verify("another", against: hash))
        #expect(try await !hasher.verify(hash, against: hash))
    }

    @Test func `the system verifies our hash`() async throws {
        let hash = try await hasher.hash("a password")
        var workspace = crypt_data()
        let size = Int32(MemoryLayout<crypt_data>.size)
        let again = try #require(crypt_rn("a password", hash, &workspace, size))
        #expect(String(cString: again) == hash)
    }

    @Test(arguments: [
        ("pässwort zum Prüfen", "$y$j75$abcdefghijklmnopqrst..$usKYGwK67.7mq0NZ/fY.uxIVBB5ljfapCzHs0NWOcG9"),
        ("correct horse", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    ])
    func `hashes made elsewhere verify`(password: String, stored: String) async throws {
        #expect(try await hasher.verify(password, against: stored))
        #expect(try await !hasher.verify(password + "x", against: stored))
    }

    @Test func `the same password gets another salt each time`() async throws {
        #expect(try await hasher.hash("a password") != hasher.hash("a password"))
    }

    @Test(arguments: 1...5)
    func `the cost is honoured`(cost: Int) async throws {
        let hash = try await PasswordHasher(cost: cost, threads: 1).hash("a password")
        var text = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let setting = try #require(
            crypt_gensalt_rn("$y$", UInt(cost), nil, 0, &text, Int32(text.count)))
        #expect(parameters(of: hash) == parameters(of: String(cString: setting)))
        #expect(parameters(of: hash) != parameters(of: try PasswordHasher(cost: 7, threads: 1).setting(for: nil)))
    }

    @Test(arguments: [nil, "", "*", "!", "*0", "plain text", "$1$salt$XXXXXXXX", "$y$", "$y$j9T"] as [String?])
    func `a user without a sound hash costs the same and never enters`(stored: String?) async throws {
        let known = try await hasher.hash("a password")
        #expect(parameters(of: hasher.setting(for: nil)) == parameters(of: known))
        #expect(try await !hasher.verify("a password", against: stored))
        #expect(try await !hasher.verify(stored ?? "x", against: stored))
    }

    @Test func `a hash of a lower cost is checked with as much work as an unknown user`() async throws {
        let (cheap, dear) = (try PasswordHasher(cost: 2, threads: 1), try PasswordHasher(cost: 5, threads: 1))
        let stored = try await cheap.hash("a password")
        // Each cost is twice the work of the one before: 2 + (2 + 4 + 8) = 16.
        let costs = try (1...5).map { parameters(of: try PasswordHasher(cost: $0, threads: 1).setting(for: nil)) }
        #expect(dear.padding(for: stored).map(parameters) == [costs[1], costs[2], costs[3]])
        #expect(try await dear.verify("a password", against: stored))
        #expect(try await !dear.verify("another", against: stored))
        let known = try await dear.hash("a password")
        for whole in [dear.setting(for: nil), known, "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"] {
            #expect(dear.padding(for: whole).isEmpty)
        }
        #expect(cheap.padding(for: known).isEmpty)
    }

    @Test func `a hash of another cost or method is not current`() async throws {
        let other = try PasswordHasher(cost: 2, threads: 1)
        #expect(hasher.isCurrent(try await hasher.hash("a password")))
        #expect(!hasher.isCurrent(try await other.hash("a password")))
        #expect(!hasher.isCurrent("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"))
        #expect(!hasher.isCurrent("*"))
    }

    @Test func `what is no hash at all is worked as the unknown user is`() {
        for stored in ["", "*", "!", "*0", "plain text"] {
            #expect(hasher.setting(for: stored) == hasher.setting(for: nil))
        }
        #expect(hasher.setting(for: nil).hasPrefix("$y$"))
    }

    @Test func `the made-up hash has no password`() async throws {
        let decoy = hasher.setting(for: nil)
        #expect(try await !hasher.verify("a password", against: decoy))
    }

    @Test(arguments: ["", String(repeating: "x", count: 73), String(repeating: "😀", count: 73), "a\u{0}b", "\u{0}"])
    func `an unacceptable password is wrong without being hashed`(password: String) async throws {
        let busy = try PasswordHasher(cost: 1, threads: 1)
        await #expect(throws: PasswordError.unacceptable) { try await busy.hash(password) }
        let truncated = String(password.prefix(72).prefix { $0 != "\u{0}" })
        let hash = try await busy.hash(truncated.isEmpty ? "x" : truncated)
        #expect(try await !busy.verify(password, against: hash))
        #expect(try await !busy.verify(password, against: nil))
    }

    @Test func `length counts code points, so no letter can hide more`() async throws {
        let letter = "e" + String(repeating: "\u{301}", count: 72)
        #expect(letter.count == 1)
        await #expect(throws: PasswordError.unacceptable) { try await hasher.hash(letter) }
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 2), (16, 15)])
    func `hashes leave a core to others`(cores: Int, threads: Int) {
        #expect(PasswordHasher.threads(ofCores: cores) == threads)
    }

    @Test func `many logins at once are all answered`() async throws {
        let hash = try await hasher.hash("a password")
        let hasher = hasher
        let correct = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let isRight = number % 2 == 0
                    return try await hasher.verify(isRight ? "a password" : "another", against: hash) == isRight
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(correct == 200)
    }

    private func parameters(of hash: String) -> Substring {
        let parts = hash.split(separator: "$")
        return parts.count > 1 ? parts[1] : ""
    }
}
