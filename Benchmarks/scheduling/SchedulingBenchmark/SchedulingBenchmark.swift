import Foundation
import Scheduling

/// Times parsing and `next` for each line `name<tab>expression<tab>zone` of a file; prints
/// `microseconds to parse<tab>microseconds per next<tab>sum of the first 30 runs` for each.
@main
struct SchedulingBenchmark {
    private static let parses = 20_000
    private static let runs = 2_000
    private static let rounds = 5
    private static let checked = 30

    static func main() throws {
        let start = ISO8601.parse("2026-01-01T00:00:00Z")?.resolved(in: .utc) ?? Date()
        let cases = try String(contentsOfFile: CommandLine.arguments.dropFirst().first ?? "cases.tsv", encoding: .utf8)
        for line in cases.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            let text = parts[1]
            let zone = try ZoneRules.named(parts[2])
            let expression = try CronExpression(text)
            let parse = try best {
                for _ in 0..<parses { keep(try CronExpression(text)) }
            }
            var sum = 0
            var found = 0
            let next = best {
                (sum, found) = (0, 0)
                var last = start
                while found < runs, let run = expression.next(after: last, in: zone) {
                    if found < checked { sum &+= Int(run.timeIntervalSince1970) }
                    found += 1
                    last = run
                }
            }
            print(parse / Double(parses), next / Double(found), sum, separator: "\t")
        }
    }

    /// Stands where a result is used, lest the work for it be optimised away.
    @inline(never)
    private static func keep(_ expression: CronExpression) {}

    /// The shortest of several rounds, in microseconds.
    private static func best(_ work: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        var shortest = Duration.seconds(3_600)
        for _ in 0..<rounds { shortest = min(shortest, try clock.measure(work)) }
        return Double(shortest.components.attoseconds) / 1e12 + Double(shortest.components.seconds) * 1e6
    }
}
