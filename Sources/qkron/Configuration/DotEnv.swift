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
        if geteuid() == 0, let fault = Self.reasonNotForRoot(path) {
            faults.append(fault)
            return
        }
        // Whatever the reason, the file is there and is none that can be used.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            faults.append("\(path) cannot be read as UTF-8 text")
            return
        }
        read(text, path: path)
    }

    /// Why root must not go by the file; nil where it may. Who writes it says as whom commands run.
    private static func reasonNotForRoot(_ path: String) -> String? {
        let directory = (path as NSString).deletingLastPathComponent
        for place in [directory.isEmpty ? "." : directory, path] {
            var status = stat()
            // What vanishes meanwhile is read as empty or not at all.
            guard stat(place, &status) == 0, status.st_uid != 0 || status.st_mode & 0o022 != 0 else { continue }
            let absolute = URL(fileURLWithPath: place).standardizedFileURL.path
            let why = status.st_uid != 0 ? "belongs to another user" : "can be written by others"
            return """
                \(path) is not taken by root: \(absolute) \(why). Start qkron as the user whose it is, or from a directory \
                of root's own, or make both the directory and the file root's alone (chown root, chmod go-w)
                """
        }
        return nil
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
