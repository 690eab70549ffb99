import Foundation

/// A line that runs a command.
struct CrontabEntry: Equatable {
    /// Five fields with single spaces between, or a macro.
    let schedule: String
    /// Nil in the form of a user.
    let user: String?
    /// The line for the shell.
    let command: String
    /// What it reads; nil where nothing is given to it.
    let input: String?
    /// What is said by the way it is written.
    private(set) var notes: [String] = []

    /// Reads a line without blanks around it.
    ///
    /// - Throws: `CrontabFault`
    init(_ line: String, _ form: CrontabForm) throws(CrontabFault) {
        var words = Words(line[...])
        if line.hasPrefix("-") {
            words = Words(line.dropFirst())
            notes.append("The '-' that keeps a run out of the system's log means nothing here.")
        }
        schedule = try Self.schedule(&words)
        user = form == .system ? try words.next("the user") : nil
        (command, input) = Self.parts(of: words.rest)
        guard !command.isEmpty else { throw CrontabFault("There is no command.") }
        if let user {
            notes.append("cron runs it as \(user); here it runs as the user that RUN_AS of the server names.")
        }
        if input != nil { notes.append("What follows '%' becomes the command's standard input.") }
    }

    private static func schedule(_ words: inout Words) throws(CrontabFault) -> String {
        let first = try words.next("the schedule")
        guard !first.hasPrefix("@") else {
            guard first.lowercased() != "@reboot" else {
                throw CrontabFault(
                    "@reboot cannot be: tasks follow the clock, not the start of a machine. "
                        + "Let the system do it, for example by a unit of systemd.")
            }
            return first
        }
        var fields = [first]
        for name in ["the hour", "the day of month", "the month", "the day of week"] {
            fields.append(try words.next(name))
        }
        if let field = fields.first(where: { $0.contains("~") }) {
            throw CrontabFault(
                "'\(field)': times by chance ('~') are unknown here; choose one, and give the task jitter.")
        }
        if let field = fields.first(where: { $0.hasPrefix("H") }) {
            throw CrontabFault(
                "'\(field)': 'H' is Jenkins' way to choose a time; choose one, and give the task jitter.")
        }
        return fields.joined(separator: " ")
    }

    /// The command and its input: a `%` is the end of a line, the first one the end of the command, and `\%` a `%`.
    private static func parts(of text: Substring) -> (String, String?) {
        var parts: [String] = [""]
        var isEscaped = false
        for character in text {
            if character == "%", !isEscaped {
                parts.append("")
            } else {
                if character == "%" { parts[parts.count - 1].removeLast() }
                parts[parts.count - 1].append(character)
            }
            isEscaped = character == "\\"
        }
        let command = parts[0].trimmingCharacters(in: .whitespaces)
        return (command, parts.count > 1 ? parts.dropFirst().joined(separator: "\n") : nil)
    }
}

/// Takes words from the front of a line.
private struct Words {
    private(set) var rest: Substring

    init(_ text: Substring) {
        rest = text.drop { $0 == " " || $0 == "\t" }
    }

    mutating func next(_ what: String) throws(CrontabFault) -> String {
        let word = rest.prefix { $0 != " " && $0 != "\t" }
        guard !word.isEmpty else { throw CrontabFault("The line ends before \(what).") }
        self = Words(rest[word.endIndex...])
        return String(word)
    }
}
