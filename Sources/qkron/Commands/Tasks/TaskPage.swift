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

    /// Lines of names and values: what everybody asks for, and beside it what is not as usual.
    var text: String {
        let isActive = task.json.member("is_active")?.boolValue == true
        var rows = [
            ["Task", task.name], ["Id", "\(task.id)"], ["Owner", task.text("owner_username") ?? "-"],
            ["Status", "\(task.text("status") ?? "-")\(isActive ? "" : ", paused")"], ["Schedule", schedule],
            ["Next run", task.text("next_run") ?? "-"], ["Last run", task.text("last_run") ?? "-"],
            ["Timeout", "\(number("timeout") ?? 0) s"], ["Retries", retries],
            ["Overlap", TaskWords.overlap(task.text("overlap_policy"))], ["Misfire", misfire],
        ]
        let optional: [(String, String?)] = [
            ("Description", task.text("description")), ("From", task.text("starts_at")),
            ("Until", task.text("ends_at")), ("Clock change", TaskWords.clockChange(task.text("dst_policy"))),
            ("Jitter", unusual("jitter", usually: 0).map { "starts spread over \($0) s" }),
            ("Priority", unusual("priority", usually: 5).map { "\($0) of 10" }),
            ("Directory", task.text("working_directory")), ("Limits", limits),
            (
                "Output kept",
                unusual("max_output_bytes", usually: TaskLimits.usualOutputBytes).map { "\($0) bytes of each stream" }
            ),
            ("Tags", listed("tags")), ("Requires", listed("requires")), ("Depends on", listed("dependencies")),
            ("Callback", task.text("callback_url")), ("Metadata", metadata),
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

    private var retries: String {
        guard let count = number("max_retries"), count != 0 else { return "none" }
        let doubles = task.text("retry_backoff") == Backoff.exponential.rawValue ? ", doubling each time" : ""
        return "\(count), after \(number("retry_delay") ?? 0) s\(doubles)"
    }

    private var misfire: String {
        let words = TaskWords.misfire(task.text("misfire_policy"))
        return unusual("misfire_grace", usually: 60).map { "\(words); late only after \($0) s" } ?? words
    }

    private var limits: String? {
        guard case .object(let limits)? = task.json.member("limits"), !limits.isEmpty else { return nil }
        return limits.sorted { $0.key < $1.key }.map { "\($0.key.text) \($0.value.serialized())" }.joined(
            separator: ", ")
    }

    private var metadata: String? {
        guard let metadata = task.json.member("metadata_info"), metadata != .null else { return nil }
        return metadata.serialized()
    }

    private var variables: [(String, String)] {
        guard case .object(let variables)? = task.json.member("env") else { return [] }
        return variables.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value.textValue ?? "***") }
    }

    private func number(_ key: TextKey) -> Int? { task.json.member(key)?.integerValue }

    /// A number that is not what it is where nobody sets it.
    private func unusual(_ key: TextKey, usually usual: Int) -> Int? {
        number(key).flatMap { $0 == usual ? nil : $0 }
    }

    private func listed(_ key: TextKey) -> String? {
        let texts = task.texts(key)
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    private func indented(_ text: String) -> String {
        text.printable.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(
            separator: "\n")
    }
}
