import Domain
import Foundation
import Scheduling

/// A crontab, line by line, as Vixie cron and its heirs read it, with what each line becomes here.
package struct Crontab: Sendable {
    package let lines: [CrontabLine]

    /// The tasks that it becomes.
    package var tasks: [DeclaredTask] {
        lines.compactMap { if case .task(let task, _) = $0.meaning { task } else { nil } }
    }

    /// Reads `text`.
    ///
    /// - Parameters:
    ///   - timezone: the zone of its times, up to a line that sets CRON_TZ.
    ///   - now: warnings about changes of the clock look through the year that follows.
    ///   - judge: a line whose task it finds fault with is refused.
    package init(_ text: String, form: CrontabForm, timezone: ZoneRules, now: Date, judge: TaskJudge) {
        var settings = CrontabSettings(timezone: timezone)
        var names = TaskNames()
        var lines: [CrontabLine] = []
        let texts = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, text) in texts.enumerated() {
            let text = text.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r"))
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            let (meaning, notes) =
                if let variable = CrontabVariable(text) {
                    settings.set(variable, line: index + 1)
                } else {
                    Self.meaning(of: text, form, settings, &names, now, judge)
                }
            lines.append(CrontabLine(number: index + 1, text: text, meaning: meaning, notes: notes))
        }
        self.lines = lines
    }

    private static func meaning(
        of text: String, _ form: CrontabForm, _ settings: CrontabSettings, _ names: inout TaskNames, _ now: Date,
        _ judge: TaskJudge
    ) -> (CrontabLine.Meaning, notes: [String]) {
        do throws(CrontabFault) {
            let entry = try CrontabEntry(text, form)
            let expression: CronExpression
            do {
                expression = try CronExpression(entry.schedule)
            } catch {
                throw CrontabFault("\(error)")
            }
            let schedule = Schedule.cron(expression, try settings.zone, .standard)
            let year = now + 366 * 86_400
            let warnings = ScheduleWarning.warnings(for: schedule, text: entry.schedule, from: now, through: year)
            let task = try settings.task(for: entry, named: names.name(for: entry.command))
            if let fault = task.faults(by: judge).first {
                throw CrontabFault("\(fault.path.joined(separator: ".")): \(fault.message)")
            }
            return (
                .task(task, sentence: schedule.sentence(from: now, through: year)),
                entry.notes + warnings.map(\.description)
            )
        } catch {
            return (.refused(error.sentence), [])
        }
    }
}

/// Why a line cannot be taken over.
struct CrontabFault: Error {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
