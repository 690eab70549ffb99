import Foundation
import Logging
import Server

/// How log lines are written: one JSON object a line, or plain text on a terminal; always to standard error.
enum LoggingSetup {
    /// Sets up logging for the whole process; called once.
    static func bootstrap(level: Logger.Level, format: Configuration.LogFormat?) {
        let format = chosen(format)
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, logLevel: level)
        }
    }

    /// Writes the lines of requests; nil where the level leaves them out.
    static func requests(
        by label: String, level: Logger.Level, format: Configuration.LogFormat?
    ) -> RequestLog.Writing? {
        guard level <= .info else { return nil }
        let format = chosen(format)
        return { records in
            LogLine.write(
                records.map {
                    LogLine(
                        time: $0.time, level: .info, logger: label, message: "Request answered", fields: $0.fields)
                }, as: format)
        }
    }

    private static func chosen(_ format: Configuration.LogFormat?) -> Configuration.LogFormat {
        format ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
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
        let fields = all.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value.description) }
        let line = LogLine(
            time: Date(), level: event.level, logger: label, message: event.message.description, fields: fields)
        LogLine.write([line], as: format)
    }
}
