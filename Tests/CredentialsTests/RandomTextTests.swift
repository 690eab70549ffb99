import Testing

@testable import Credentials

@Suite struct RandomTextTests {
    @Test(arguments: [0, 1, 20, 100])
    func `a password has its length`(length: Int) {
        #expect(RandomText.password(length: length).count == length)
        #expect(RandomText.password().count == 20)
    }

    @Test func `a password has no letters that look alike`() {
        let text = RandomText.password(length: 20_000)
        #expect(text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        #expect(!text.contains { "0OoIl1".contains($0) })
    }

    @Test func `every character is equally likely`() {
        let length = 560_000
        var counts: [UInt8: Int] = [:]
        for character in RandomText.password(length: length).utf8 { counts[character, default: 0] += 1 }
        let expected = Double(length) / Double(RandomText.alphabet.count)
        #expect(counts.count == RandomText.alphabet.count)
        // Six standard deviations; taking bytes modulo 56 would make 32 characters a quarter likelier.
        #expect(counts.values.allSatisfy { abs(Double($0) - expected) < 600 })
    }

    @Test func `no two passwords are alike`() {
        #expect(Set((0..<1000).map { _ in RandomText.password() }).count == 1000)
    }
}
