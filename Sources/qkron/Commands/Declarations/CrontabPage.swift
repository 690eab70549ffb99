import Declarations
import Domain
import Scheduling

/// A crontab explained, for people and for programs.
struct CrontabPage {
    private let crontab: Crontab
    private let path: String
    private let zone: ZoneRules

    init(_ crontab: Crontab, path: String, zone: ZoneRules) {
        self.crontab = crontab
        self.path = path
        self.zone = zone
    }

    /// How many lines cannot be taken over.
    var refusals: Int {
        crontab.lines.count { if case .refused = $0.meaning { true } else { false } }
    }

    /// How many they are, in words.
    var refusedLines: String { refusals == 1 ? "1 line" : "\(refusals) lines" }

    /// Each line, and beneath it what becomes of it.
    var text: String {
        let head = "Times are those of \(zone.name), where the file does not set CRON_TZ."
        return ([head] + crontab.lines.flatMap(lines)).joined(separator: "\n")
    }

    private func lines(of line: CrontabLine) -> [String] {
        let head = "\(path):\(line.number): \(line.text.replacing("\t", with: " "))"
        let meaning: [String] =
            switch line.meaning {
            case .task(let task, let sentence): ["  = \(task.name): \(sentence)"]
            case .variable: []
            case .refused(let reason): ["  ! cannot be taken over: \(reason)"]
            }
        return [head] + meaning + line.notes.map { "  * \($0)" }
    }

    /// The same for programs: an array of lines.
    var json: JSONValue {
        .array(
            crontab.lines.map { line in
                var members: [TextKey: JSONValue] = [
                    "line": .integer(line.number), "text": .string(line.text),
                    "notes": .array(line.notes.map(JSONValue.string)),
                ]
                switch line.meaning {
                case .task(let task, let sentence):
                    members["task"] = .object(task.fields)
                    members["sentence"] = .string(sentence)
                case .variable: break
                case .refused(let reason): members["refused"] = .string(reason)
                }
                return .object(members)
            })
    }
}
