import Foundation
import Testing

@testable import Scheduling

/// One worked example of the shared dialect.
struct Vector: Codable, Sendable, CustomTestStringConvertible {
    let expr: String
    let tz: String
    let start: String
    let next: [String]?
    let error: String?
    let `class`: String

    var testDescription: String { "\(`class`): '\(expr)' in \(tz) from \(start)" }

    static let all: [Vector] = {
        guard let file = Bundle.module.url(forResource: "vectors", withExtension: "jsonl"),
            let text = try? String(contentsOf: file, encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Vector.self, from: Data($0.utf8)) }
    }()
}

struct VectorTests {
    @Test func `all vectors are read`() {
        #expect(Vector.all.count == 323)
    }

    @Test(arguments: Vector.all)
    func `a worked example comes out as written`(_ vector: Vector) throws {
        guard let expected = vector.next else {
            #expect(throws: (any Error).self) {
                _ = try ZoneRules.named(vector.tz)
                _ = try CronExpression(vector.expr)
            }
            return
        }
        let zone = try ZoneRules.named(vector.tz)
        let expression = try CronExpression(vector.expr)
        var instant = try #require(ISO8601.parse(vector.start)?.resolved(in: zone))
        var found: [String] = []
        while found.count < expected.count, let slot = expression.next(after: instant, in: zone) {
            found.append(ISO8601.format(slot, in: zone))
            instant = slot
        }
        #expect(found == expected)
    }
}
