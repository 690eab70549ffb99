import Domain
import Foundation
import Scheduling

/// Answers questions about cron expressions, one JSON object a line.
enum ScheduleBatch {
    /// Answers each line of standard input, in order.
    static func answerStandardInput() {
        while let line = readLine(strippingNewline: true) {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            StandardOutput.write(line: answer(line).serialized())
        }
    }

    static func answer(_ line: String) -> JSONValue {
        do {
            let question = try question(line)
            let expression = try CronExpression(question.expression)
            let zone = try ZoneRules.named(question.zone)
            let slots = Slots(schedule: .cron(expression, zone, .standard))
            let next = slots.upcoming(after: question.start).prefix(question.count)
            return .object(["next": .array(next.map { .string(ISO8601.format($0, in: zone)) })])
        } catch {
            return .object(["error": .string("\(error)")])
        }
    }

    private struct Question {
        let expression: String
        let zone: String
        let start: Date
        let count: Int
    }

    private static func question(_ line: String) throws -> Question {
        guard case .object(let members) = try JSONValue.parse(Array(line.utf8)) else {
            throw QuestionError(description: "a question is a JSON object")
        }
        guard case .string(let expression) = members["expr"] else {
            throw QuestionError(description: "expr must be a string")
        }
        guard case .string(let start) = members["start"], case .instant(let instant) = ISO8601.parse(start) else {
            throw QuestionError(description: "start must be an ISO 8601 instant with an offset")
        }
        let zone = if case .string(let name) = members["tz"] { name } else { "UTC" }
        let count = if case .integer(let number) = members["count"] { number } else { 10 }
        guard (0...100_000).contains(count) else {
            throw QuestionError(description: "count must be from 0 to 100000")
        }
        return Question(expression: expression, zone: zone, start: instant, count: count)
    }
}

private struct QuestionError: Error, CustomStringConvertible {
    let description: String
}
