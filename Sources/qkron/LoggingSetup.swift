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
        var all = metadata
        if let own = event.metadata { all = all.isEmpty ? own : all.merging(own) { $1 } }
        let fields = all.sorted { $0.key < $1.key }
        let time = ISO8601.format(Date())
        switch format {
        case .json:
            let line = LogLine(
                time: time, level: event.level.rawValue, logger: label, message: event.message.description,
                fields: fields)
            Self.write(JSONWriter.bytes(of: line))
        case .text:
            let fields = fields.map { " \($0.key)=\(Self.plain($0.value.description))" }.joined()
            Self.write(Array("\(time) \(event.level.rawValue.uppercased()) \(event.message)\(fields)".utf8))
        }
    }

    private static func write(_ line: [UInt8]) {
        // One write a line, so that lines of several threads and processes do not mix.
        let bytes = line + [UInt8(ascii: "\n")]
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func plain(_ text: String) -> String {
        text.contains { $0.isWhitespace || $0 == "\"" } ? quoted(text) : text
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).serialized()
    }
}

/// A line of the log as a JSON object.
private struct LogLine: JSONWritable {
    let time: String
    let level: String
    let logger: String
    let message: String
    let fields: [(key: String, value: Logger.Metadata.Value)]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("time", time)
            json.member("level", level)
            json.member("logger", logger)
            json.member("message", message)
            for field in fields { json.member(named: field.key, field.value.description) }
        }
    }
}
