import Client
import Domain
import Foundation
import Scheduling

/// A task as a page for people.
struct TaskPage {
    private let task: RemoteTask

    init(_ task: RemoteTask) {
        self.task = task
    }

    /// Lines of names and values; what is not set, or is as usual, is left out.
    var text: String {
        let isActive = task.json.member("is_active")?.boolValue == true
        var rows = [
            ["Task", task.name], ["Id", "\(task.id)"], ["Owner", task.text("owner_username") ?? "-"],
            ["Status", "\(task.text("status") ?? "-")\(isActive ? "" : ", paused")"], ["Schedule", schedule],
            ["Next run", task.text("next_run") ?? "-"], ["Last run", task.text("last_run") ?? "-"],
            ["Timeout", "\(number("timeout")) s"],
            [
                "Retries",
                "\(number("max_retries")) after \(number("retry_delay")) s, \(task.text("retry_backoff") ?? "-")",
            ],
            ["Overlap", task.text("overlap_policy") ?? "-"], ["Misfire", task.text("misfire_policy") ?? "-"],
        ]
        let optional: [(String, String?)] = [
            ("Description", task.text("description")), ("Directory", task.text("working_directory")),
            ("Tags", listed("tags")), ("Requires", listed("requires")), ("Depends on", listed("dependencies")),
            ("From", task.text("starts_at")), ("Until", task.text("ends_at")),
        ]
        for case (let name, let value?) in optional { rows.append([name, value]) }
        for (name, value) in variables { rows.append(["Variable", "\(name)=\(value)"]) }
        return TextTable.render(rows) + "\nCommand\n" + indented(task.text("command") ?? "-")
    }

    private var schedule: String {
        let text = task.text("schedule") ?? "-"
        return sentence.map { "\($0) (\(text))" } ?? text
    }

    /// In words; nil for a kind that a newer server knows.
    private var sentence: String? {
        guard let kind = task.text("schedule_type").flatMap(ScheduleKind.init(named:)),
            let text = task.text("schedule"), let timezone = task.text("timezone")
        else { return nil }
        let now = Date()
        let policy = task.text("dst_policy").flatMap(DSTPolicy.init(named:)) ?? .standard
        // The bounds matter to none of the words; a text that cannot be read here is shown as it is.
        let timing = try? TaskTiming.read(
            kind: kind, text: text, timezone: timezone, dstPolicy: policy, startsAt: nil, endsAt: nil, at: now)
        return try? timing?.slots().schedule.sentence(from: now, through: now + 366 * 86_400)
    }

    private var variables: [(String, String)] {
        guard case .object(let variables)? = task.json.member("env") else { return [] }
        return variables.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value.textValue ?? "***") }
    }

    private func number(_ key: TextKey) -> String { task.json.member(key)?.integerValue.map(String.init) ?? "-" }

    private func listed(_ key: TextKey) -> String? {
        let texts = task.texts(key)
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    private func indented(_ text: String) -> String {
        text.printable.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(
            separator: "\n")
    }
}
