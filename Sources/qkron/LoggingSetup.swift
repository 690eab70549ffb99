import Domain
import Foundation
import Logging
import Scheduling

/// How log lines are written: one JSON object a line, or plain text on a terminal; always to standard error.
enum LoggingSetup {
    /// Sets up logging for the whole process; called once.
    static func bootstrap(level: Logger.Level, format: Configuration.LogFormat?) {
        let format = format ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, logLevel: level)
        }
    }
}

/// Writes each message as one line.
struct LineLogHandler: LogHandler {
    let label: String
    let format: Configuration.LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(label: String, format: Configuration.LogFormat, logLevel: Logger.Level) {
        self.label = label
        self.format = format
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = ISO8601.format(Date())
        let line: String
        switch format {
        case .json:
            let members =
                [
                    ("time", time), ("level", event.level.rawValue), ("logger", label),
                    ("message", event.message.description),
                ] + all.map { ($0.key, $0.value.description) }
            line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}\n"
        case .text:
            let fields = all.map { " \($0.key)=\(Self.plain($0.value.description))" }.joined()
            line = "\(time) \(event.level.rawValue.uppercased()) \(event.message)\(fields)\n"
        }
        Self.write(line)
    }

    private static func write(_ line: String) {
        // One write a line, so that lines of several threads and processes do not mix.
        let bytes = Array(line.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func plain(_ text: String) -> String {
        text.contains { $0.isWhitespace || $0 == "\"" } ? quoted(text) : text
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).serialized()
    }
}
