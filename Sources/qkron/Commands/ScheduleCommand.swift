import ArgumentParser
import Domain
import Foundation
import Operations
import Scheduling

/// Answers questions about schedules; needs no server.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Explore schedules; needs no server.",
        subcommands: [Next.self, Preview.self])

    struct Next: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print when a schedule fires next.",
            discussion: """
                Times are ISO 8601 with the zone's offset, one a line. With --batch, JSON lines \
                {"expr","tz","start","count"} on standard input are answered by one line each: {"next":[...]} or \
                {"error":"..."}.
                """)

        @OptionGroup var question: ScheduleQuestion
        @Option(help: "How many times to print, 1 to 100000.")
        var count = 10
        @Flag(help: "Answer questions from standard input.")
        var batch = false

        @OptionGroup var output: OutputOptions

        func validate() throws {
            if batch, question.isAsked { throw ValidationError("--batch reads its schedules from standard input.") }
            if !batch { try question.check(or: ", or --batch") }
            if !(1...100_000).contains(count) { throw ValidationError("--count must be from 1 to 100000.") }
        }

        func run() throws {
            try CommandFailure.inWordsAtOnce {
                guard !batch else { return ScheduleBatch.answerStandardInput() }
                let preview = try SchedulePreview(try question.request(count: count), now: Date())
                guard !output.json else { return output.show(["next": .array(preview.times)], or: "") }
                for case .string(let time) in preview.times { StandardOutput.write(line: time) }
            }
        }
    }

    struct Preview: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell a schedule in words, what may surprise about it, and when it fires next.")

        @OptionGroup var question: ScheduleQuestion
        @Option(help: "What to do with local times that the clock skips or repeats: standard, skip, once or twice.")
        var dstPolicy: DSTPolicy = .standard
        @Option(help: "No slots before this time.")
        var startsAt: String?
        @Option(help: "No slots from this time on.")
        var endsAt: String?
        @Option(help: "How many times to print, 1 to 100.")
        var count = 10

        @OptionGroup var output: OutputOptions

        func validate() throws {
            try question.check()
            if !(1...100).contains(count) { throw ValidationError("--count must be from 1 to 100.") }
        }

        func run() throws {
            try CommandFailure.inWordsAtOnce {
                var request = try question.request(count: count)
                request.dstPolicy = dstPolicy
                request.startsAt = try ScheduleQuestion.moment(startsAt, "--starts-at")
                request.endsAt = try ScheduleQuestion.moment(endsAt, "--ends-at")
                let preview = try SchedulePreview(request, now: Date())
                output.show(
                    [
                        "next": .array(preview.times), "description": .string(preview.sentence),
                        "warnings": .array(preview.warnings.map(JSONValue.string)),
                    ], or: Self.page(of: preview))
            }
        }

        private static func page(of preview: SchedulePreview) -> String {
            let lines = [preview.sentence] + preview.warnings.map { "* \($0)" } + preview.times.compactMap(\.textValue)
            return lines.joined(separator: "\n").printable
        }
    }
}

extension SchedulePreview {
    /// The slots as they are told.
    fileprivate var times: [JSONValue] { next.map { .string(ISO8601.format($0, in: zone)) } }
}

extension DSTPolicy: ExpressibleByArgument {
    /// The policy of this name.
    package init?(argument: String) { self.init(named: argument) }
}
