import Declarations
import Domain

/// What was done to make the tasks of a file so, for people and for programs.
struct DeclarationReport {
    let unchanged: [String]
    /// The tasks that the file made and no longer holds, and that stay.
    let leftOver: [String]
    /// The ids of other tasks by names that the file has too.
    let namesakes: [TextKey: String]
    let isDryRun: Bool
    let path: String
    /// The steps that could not be taken, the first of them being the one that failed.
    var left: [Plan.Step] = []
    private var made: [String] = []
    private var changed: [String] = []
    private var deleted: [String] = []

    init(unchanged: [String], leftOver: [String], namesakes: [TextKey: String], isDryRun: Bool, path: String) {
        self.unchanged = unchanged
        self.leftOver = leftOver
        self.namesakes = namesakes
        self.isDryRun = isDryRun
        self.path = path
    }

    /// Notes that a step is done.
    mutating func note(_ step: Plan.Step) {
        switch step {
        case .make: made.append(step.name)
        case .change: changed.append(step.name)
        case .delete: deleted.append(step.name)
        }
    }

    /// A step for people: `~ report: schedule "1h" -> "30m"`.
    func line(of step: Plan.Step) -> String {
        switch step {
        case .make(let task):
            let other = namesakes[TextKey(task.name)].map { " (beside your other task of this name, \($0))" }
            return "+ \(task.name)\(other ?? "")"
        case .change(let present, _, let differences):
            return "~ \(present.name): \(differences.map(\.text).joined(separator: ", "))"
        case .delete(let present): return "- \(present.name)"
        }
    }

    /// The end of it for people.
    var summary: String {
        var text = counts + ", \(unchanged.count) unchanged."
        if isDryRun { text = "Nothing was done. It would be: " + text }
        if !leftOver.isEmpty {
            text += "\nNo longer in \(path), and kept: \(leftOver.joined(separator: ", ")) (--prune deletes them)."
        }
        return text
    }

    /// Where it broke off, for people.
    var account: String {
        let isFirst = made.isEmpty && changed.isEmpty && deleted.isEmpty
        let head = isFirst ? "Nothing was done. Left to do:" : "Done before that: \(counts). Left to do:"
        return ([head] + left.map { "  \(line(of: $0))" } + ["The same command, once that is mended, does the rest."])
            .joined(separator: "\n")
    }

    private var counts: String { "\(made.count) created, \(changed.count) changed, \(deleted.count) deleted" }

    /// The same for programs.
    var json: JSONValue {
        func list(_ names: [String]) -> JSONValue { .array(names.map(JSONValue.string)) }
        return [
            "created": list(made), "changed": list(changed), "deleted": list(deleted), "unchanged": list(unchanged),
            "left_over": list(leftOver), "left_to_do": list(left.map(\.name)), "dry_run": .bool(isDryRun),
        ]
    }
}

extension Plan.Step {
    /// What the task is called.
    fileprivate var name: String {
        switch self {
        case .make(let task): task.name
        case .change(let present, _, _), .delete(let present): present.name
        }
    }
}
