import ArgumentParser
import Domain
import Foundation
import Operations
import Scheduling

/// Answers questions about schedules; needs no server.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Explore schedules; needs no server.", subcommands: [Next.self])

    struct Next: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print when a schedule fires next.",
            discussion: """
                Times are ISO 8601 with the zone's offset, one a line. With --batch, JSON lines \
                {"expr","tz","start","count"} on standard input are answered by one line each: {"next":[...]} or \
                {"error":"..."}.
                """)

        @Option(help: "A cron expression of five or six fields, or a macro such as @daily.")
        var cron: String?

        @Option(help: "An interval such as 5m or 1h30m.")
        var interval: String?

        @Option(help: "A date and time, or a cron expression of which only the next match counts.")
        var once: String?

        @Option(name: .customLong("tz"), help: "A zone of the tz database.")
        var timezone = "UTC"

        @Option(help: "Print what fires after this instant. (default: now)")
        var from: String?

        @Option(help: "How many times to print, 1 to 100000.")
        var count = 10

        @Flag(help: "Answer questions from standard input.")
        var batch = false

        func validate() throws {
            let schedules = [cron, interval, once].compactMap { $0 }
            if batch, !schedules.isEmpty { throw ValidationError("--batch reads its schedules from standard input.") }
            if !batch, schedules.count != 1 {
                throw ValidationError("Give exactly one of --cron, --interval, --once, or --batch.")
            }
            if !(1...100_000).contains(count) { throw ValidationError("--count must be from 1 to 100000.") }
        }

        func run() throws {
            try CommandFailure.inWordsAtOnce {
                guard !batch else { return ScheduleBatch.answerStandardInput() }
                let from = try moment(from)
                let preview = try SchedulePreview(
                    PreviewRequest(
                        kind: cron != nil ? .cron : interval != nil ? .interval : .once,
                        schedule: cron ?? interval ?? once ?? "", timezone: timezone, from: from, startsAt: nil,
                        endsAt: nil, count: count),
                    now: Date())
                for slot in preview.next { StandardOutput.write(line: ISO8601.format(slot, in: preview.zone)) }
            }
        }

        private func moment(_ text: String?) throws -> MomentText? {
            guard let text else { return nil }
            guard let moment = ISO8601.parse(text) else {
                throw ValidationError("--from must be a date and time such as 2026-03-01T02:30:00Z.")
            }
            return moment
        }
    }
}
