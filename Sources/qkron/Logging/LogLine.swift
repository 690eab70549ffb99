import Domain
import Foundation
import Logging
import Scheduling

/// A line of the log.
struct LogLine {
    let time: Date
    let level: Logger.Level
    let logger: String
    let message: String
    /// In the order of their keys.
    let fields: [(key: String, value: String)]

    /// What a pipe takes in whole (PIPE_BUF, pipe(7)), so that lines of several threads and processes do not mix.
    private static let wholeWrite = 4096

    /// Writes lines to standard error, several at once where they are short.
    static func write(_ lines: [LogLine], as format: Configuration.LogFormat) {
        var bytes: [UInt8] = []
        for line in lines {
            let next = line.bytes(as: format)
            if !bytes.isEmpty, bytes.count + next.count > wholeWrite {
                write(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            bytes += next
        }
        write(bytes)
    }

    private static func write(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func bytes(as format: Configuration.LogFormat) -> [UInt8] {
        var bytes =
            switch format {
            case .json: JSONWriter.bytes(of: self)
            case .text: Array(text.utf8)
            }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private var text: String {
        let fields = fields.map { " \($0.key)=\(Self.plain($0.value))" }.joined()
        return "\(ISO8601.format(time)) \(level.rawValue.uppercased()) \(message)\(fields)"
    }

    private static func plain(_ text: String) -> String {
        text.contains { $0.isWhitespace || $0 == "\"" } ? JSONValue.string(text).serialized() : text
    }
}

extension LogLine: JSONWritable {
    /// Writes the line as a JSON object.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("time", time)
            json.member("level", level.rawValue)
            json.member("logger", logger)
            json.member("message", message)
            for field in fields { json.member(named: field.key, field.value) }
        }
    }
}
