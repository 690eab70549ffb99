import Foundation
import Testing

@testable import Domain

private enum Thing {}

@Suite struct IdentifierTests {
    @Test func `a new identifier carries the time, the version and the variant`() throws {
        let before = UInt64(Date().timeIntervalSince1970 * 1000)
        let identifier = Identifier<Thing>()
        let after = UInt64(Date().timeIntervalSince1970 * 1000)

        let bytes = withUnsafeBytes(of: identifier.uuid.uuid, Array.init)
        let milliseconds = bytes[..<6].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        #expect((before...after + 1).contains(milliseconds))
        #expect(bytes[6] >> 4 == 7)
        #expect(bytes[8] >> 6 == 0b10)
    }

    @Test func `identifiers rise in the order of making`() {
        let identifiers = (0..<20_000).map { _ in Identifier<Thing>() }
        #expect(zip(identifiers, identifiers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(identifiers, identifiers.dropFirst()).allSatisfy { $0.description < $1.description })
    }

    @Test func `identifiers of many threads are unique and rise on each`() async {
        let all = await withTaskGroup(of: [Identifier<Thing>].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<5_000).map { _ in Identifier<Thing>() } }
            }
            return await group.reduce(into: [[Identifier<Thing>]]()) { $0.append($1) }
        }
        #expect(Set(all.joined()).count == 40_000)
        #expect(all.allSatisfy { one in zip(one, one.dropFirst()).allSatisfy { $0 < $1 } })
        let stamps = Set(all.joined().map { $0.description.prefix(18) })
        #expect(stamps.count == 40_000)
    }

    @Test func `the random part differs`() {
        let tails = (0..<1000).map { _ in Identifier<Thing>().description.suffix(17) }
        #expect(Set(tails).count == 1000)
    }

    @Test(arguments: [
        "018f4a5e-9c3b-7d21-8e0f-0123456789ab", "018F4A5E-9C3B-7D21-8E0F-0123456789AB",
        "00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-4fff-BFFF-ffffffffffff",
    ])
    func `the hyphenated form of any version is read and printed in lower case`(text: String) throws {
        let identifier = try #require(Identifier<Thing>(text))
        #expect(identifier.uuid == UUID(uuidString: text))
        #expect(identifier.description == text.lowercased())
    }

    @Test(arguments: [
        "", "018f4a5e9c3b7d218e0f0123456789ab", "018f4a5e-9c3b-7d21-8e0f-0123456789a",
        "018f4a5e-9c3b-7d21-8e0f-0123456789abc", "{18f4a5e-9c3b-7d21-8e0f-0123456789a}",
        "018f4a5e-9c3b-7d21-8e0f-0123456789ag", " 18f4a5e-9c3b-7d21-8e0f-0123456789ab",
        "018f4a5e-9c3b-7d21-8e0f_0123456789ab", "018f4a5e-9c3b-7d21-8e0f-0123456789\u{E9}",
        "018f4a5e-9c3b-7d21-8e0f-0123456789a\u{0}", "018f4a5e-9c3b-7d2-18e0f-0123456789ab",
        "018f4a5e-9c3b-7d21-8e0f-0123456789ab\n", "0x8f4a5e-9c3b-7d21-8e0f-0123456789ab",
    ])
    func `any other text is refused`(text: String) {
        #expect(Identifier<Thing>(text) == nil)
    }

    @Test func `the order is that of the bytes`() throws {
        let low = try #require(Identifier<Thing>("00000000-0000-0000-0000-0000000000ff"))
        let middle = try #require(Identifier<Thing>("00000000-0000-0000-8000-000000000000"))
        let high = try #require(Identifier<Thing>("7fffffff-0000-0000-0000-000000000000"))
        let highest = try #require(Identifier<Thing>("80000000-0000-0000-0000-000000000000"))
        #expect([highest, middle, high, low].sorted() == [low, middle, high, highest])
    }
}
