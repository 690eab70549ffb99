import ArgumentParser
import Declarations
import Domain
import Foundation
import Scheduling

/// Takes over what other programs have.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take over the jobs of another scheduler.", subcommands: [FromCrontab.self])

    struct FromCrontab: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crontab",
            abstract: "Explain the lines of a crontab, and make tasks of them.",
            discussion: """
                With --dry-run no server is asked. The tasks do as cron does: no second attempt, runs beside each other, \
                no making up for what was missed, and no limit of time but a day. They bear the tag crontab:NAME; a second \
                import changes what has changed. The exit code is 5 if a line cannot be taken over; the others are. 
                """ + CommandFailure.codesInWords)

        @Argument(help: "The crontab; '-' is standard input.", completion: .file())
        var file: String
        @Flag(help: "The form of /etc/crontab and /etc/cron.d: a user stands before the command.")
        var system = false
        @Option(name: [.long, .customLong("tz")], help: "The zone of its times. (default: this machine's)")
        var timezone: String?
        @Option(help: "What the crontab is called. (default: as on disk, with --system after 'system/')")
        var name: String?

        @OptionGroup var declaration: DeclarationOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await CommandFailure.inWords {
                let zone = try timezone.map(Self.zone) ?? MachineZone.rules
                let judge = try TaskJudge.server()
                let crontab = Crontab(
                    try InputFile.text(of: file), form: system ? .system : .user, timezone: zone, now: Date(),
                    judge: judge)
                let pages = CrontabPage(crontab, path: InputFile.title(of: file), zone: zone)
                if declaration.prune, !declaration.dryRun, pages.refusals > 0 {
                    // The task of a line that cannot be read would be taken for one that the file no longer holds.
                    throw CommandError(
                        description:
                            "\(pages.refusedLines) of \(InputFile.title(of: file)) cannot be taken over, so "
                            + "nothing is done: mend them, or leave out --prune. --dry-run explains each.")
                }
                if declaration.dryRun {
                    output.show(pages.json, or: pages.text.printable)
                } else {
                    if !output.json { StandardOutput.write(line: pages.text.printable) }
                    // A user's file and the system's may both be called crontab.
                    let onDisk = (system ? "system/" : "") + URL(filePath: file).lastPathComponent
                    let called = name ?? (file == "-" ? "stdin" : onDisk)
                    let run = DeclarationRun(
                        tasks: crontab.tasks, marker: .crontab(called), path: InputFile.title(of: file),
                        namesakes: .told, judge: judge, options: declaration, output: output
                    )
                    try await options.withServer { server in try await run.make(on: server) }
                }
                if pages.refusals > 0 {
                    throw CommandError(
                        description:
                            "\(pages.refusedLines) of \(InputFile.title(of: file)) cannot be taken over; see above."
                    )
                }
            }
        }

        private static func zone(_ name: String) throws -> ZoneRules {
            do {
                return try ZoneRules.named(name)
            } catch {
                throw ValidationError("--tz: \(error)")
            }
        }
    }
}
