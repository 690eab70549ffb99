import Foundation

/// One line of the ledger, as a command wrote it.
struct LedgerLine: Sendable, CustomStringConvertible {
    /// `start`, `beat`, `end`; `daemon` of what it left behind; `beside` when it met another run.
    let word: String
    let task: String
    let slot: String
    let execution: String
    let attempt: Int
    let token: Int
    let process: Int
    /// Nanoseconds since the machine started.
    let instant: UInt64

    init?(_ text: Substring) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 8, let attempt = Int(words[4]), let token = Int(words[5]), let process = Int(words[6]),
            let instant = UInt64(words[7])
        else { return nil }
        (word, task, slot, execution) = (words[0], words[1], words[2], words[3])
        (self.attempt, self.token, self.process, self.instant) = (attempt, token, process, instant)
    }

    /// Whether it only says that its process lives.
    var isSignOfLife: Bool { word == "beat" || word == "daemon" }

    var description: String {
        let seconds = String(format: "%.6f", Double(instant) / 1e9)
        return
            "\(seconds) \(word) task \(task) slot \(slot) execution \(execution) attempt \(attempt) token \(token) pid \(process)"
    }
}

/// One attempt, as its own lines tell it.
struct Attempt: Sendable, CustomStringConvertible {
    let start: LedgerLine
    /// Nil where it was killed.
    let end: LedgerLine?
    /// When it was last heard of; what an ended one left behind does not count.
    let lastSign: UInt64

    var task: String { start.task }
    var execution: String { start.execution }

    var description: String {
        "\(start); \(end.map { "ended at \(Double($0.instant) / 1e9)" } ?? "last heard of at \(Double(lastSign) / 1e9)")"
    }
}

/// What all commands wrote.
struct LedgerFile: Sendable {
    let lines: [LedgerLine]
    /// Lines that could not be read.
    let garbled: [String]
    /// In the order of their starts.
    let attempts: [Attempt]
    let byTask: [String: [Attempt]]

    init(path: String) {
        self.init(text: String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self))
    }

    init(text: String) {
        var lines: [LedgerLine] = []
        var garbled: [String] = []
        for text in text.split(separator: "\n") {
            if let line = LedgerLine(text) { lines.append(line) } else { garbled.append(String(text)) }
        }
        self.lines = lines
        self.garbled = garbled
        attempts = Dictionary(grouping: lines) { "\($0.execution) \($0.attempt) \($0.token)" }.values
            .flatMap(Self.attempts).sorted { $0.start.instant < $1.start.instant }
        byTask = Dictionary(grouping: attempts, by: \.task)
    }

    /// The lines of one execution, attempt and token: one attempt, if all is well.
    private static func attempts(_ lines: [LedgerLine]) -> [Attempt] {
        lines.filter { $0.word == "start" }.map { start in
            let end = lines.first { $0.word == "end" && $0.process == start.process }
            let signs = lines.filter { $0.process == start.process || ($0.word == "daemon" && end == nil) }
            return Attempt(
                start: start, end: end, lastSign: end?.instant ?? signs.map(\.instant).max() ?? start.instant)
        }
    }
}
