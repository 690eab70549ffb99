import Foundation

/// Reads `.env` files: lines `KEY=VALUE`, perhaps with `export`, quotes, and comments after `#`.
enum DotEnv {
    /// The settings in the file at `path`; none if there is no such file.
    ///
    /// - Throws: `ConfigurationError` naming each line that cannot be read.
    static func read(path: String) throws(ConfigurationError) -> [String: String] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ConfigurationError(faults: ["\(path) cannot be read as UTF-8 text"])
        }
        return try parse(text, path: path)
    }

    /// The settings in a text.
    static func parse(_ text: String, path: String) throws(ConfigurationError) -> [String: String] {
        var values: [String: String] = [:]
        var faults: [String] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var content = line.drop { $0.isWhitespace }
            guard let first = content.first, first != "#" else { continue }
            if content.hasPrefix("export ") { content = content.dropFirst(7) }
            guard let equals = content.firstIndex(of: "=") else {
                faults.append("\(path), line \(number + 1): a setting reads KEY=VALUE")
                continue
            }
            let key = content[..<equals].filter { !$0.isWhitespace }
            values[String(key)] = unquoted(content[content.index(after: equals)...])
        }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        return values
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
