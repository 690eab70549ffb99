import Foundation

/// What an `.env` file holds: lines `KEY=VALUE`, perhaps with `export`, quotes, and comments after `#`.
struct DotEnv: Sendable {
    private(set) var values: [String: String] = [:]
    /// What cannot be read, each with its place. The rest counts nevertheless, so that its faults are told as well.
    private(set) var faults: [String] = []

    /// The file, if there is one.
    private(set) var paths: [String] = []

    /// The contents of the file at `path`; nothing if there is no such file.
    init(path: String) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        paths = [path]
        // Whatever the reason, the file is there and is none that can be used.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            faults.append("\(path) cannot be read as UTF-8 text")
            return
        }
        read(text, path: path)
    }

    private mutating func read(_ text: String, path: String) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var content = line.drop { $0.isWhitespace }
            guard let first = content.first, first != "#" else { continue }
            if content.hasPrefix("export ") { content = content.dropFirst(7) }
            guard let equals = content.firstIndex(of: "=") else {
                faults.append("\(path), line \(number + 1): a setting reads KEY=VALUE")
                continue
            }
            let key = content[..<equals].filter { !$0.isWhitespace }
            values[String(key)] = Self.unquoted(content[content.index(after: equals)...])
        }
    }

    private static func unquoted(_ raw: Substring) -> String {
        let text = raw.trimmingCharacters(in: .whitespaces)
        for quote in ["\"", "'"] where text.hasPrefix(quote) {
            let rest = text.dropFirst()
            if let end = rest.firstIndex(of: Character(quote)) { return String(rest[..<end]) }
        }
        guard let comment = text.range(of: " #") else { return text }
        return text[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
    }
}
