import Client
import Domain

/// An execution as a page for people.
struct ExecutionPage {
    private let execution: RemoteExecution

    init(_ execution: RemoteExecution) {
        self.execution = execution
    }

    /// Lines of names and values, then the output.
    var text: String {
        let reason = execution.text("reason").map { ", \($0)" } ?? ""
        var rows = [
            ["Task", "\(execution.text("task_name") ?? "-") (\(execution.taskID))"], ["Id", "\(execution.id)"],
            ["Status", execution.status + reason], ["Trigger", execution.text("trigger") ?? "-"],
            ["Scheduled for", execution.text("scheduled_for") ?? "-"],
        ]
        let number = { (key: TextKey) in execution.json.member(key)?.integerValue.map(String.init) }
        let optional: [(String, String?)] = [
            ("Started", execution.text("start_time")), ("Ended", execution.text("end_time")),
            ("Seconds", Self.duration(of: execution)), ("Attempt", number("attempt_number")),
            ("Return code", number("return_code")), ("Error", execution.text("error")),
            ("Retry of", execution.text("retry_of")), ("Server", execution.text("node")),
            ("Callback", callback),
        ]
        for case (let name, let value?) in optional { rows.append([name, value]) }
        return TextTable.render(rows) + output("Output", "stdout") + output("Standard error", "stderr")
    }

    /// Where the message about its end stands; nil where none is owed.
    private var callback: String? {
        guard let callback = execution.json.member("callback"), let status = callback.member("status")?.textValue else {
            return nil
        }
        let tries = callback.member("tries")?.integerValue ?? 0
        let sent = callback.member("sent_at")?.textValue.map { " at \($0)" } ?? ""
        let error = callback.member("error")?.textValue.map { ": \($0)" } ?? ""
        return "\(status)\(sent), \(tries) \(tries == 1 ? "try" : "tries")\(error)"
    }

    /// Seconds from start to end, rounded to milliseconds; nil where they are not told.
    static func duration(of execution: RemoteExecution) -> String? {
        switch execution.json.member("duration") {
        case .number(let seconds)?: "\((seconds * 1_000).rounded() / 1_000)"
        case .integer(let seconds)?: "\(seconds)"
        default: nil
        }
    }

    private func output(_ title: String, _ key: TextKey) -> String {
        guard let text = execution.text(key), !text.isEmpty else { return "" }
        let lines = text.printable.split(separator: "\n", omittingEmptySubsequences: false)
        return "\n\(title)\n" + lines.dropLast(text.hasSuffix("\n") ? 1 : 0).map { "  \($0)" }.joined(separator: "\n")
    }
}
