import Foundation

/// A file that a person named, or standard input.
enum InputFile {
    /// No file that is meant is longer.
    private static let limit = 16 * 1024 * 1024

    /// What a file is called in messages.
    static func title(of path: String) -> String { path == "-" ? "standard input" : path }

    /// The text of the file at `path`; `-` is standard input.
    ///
    /// - Throws: `CommandError`
    static func text(of path: String) throws -> String {
        let file: FileHandle
        if path == "-" {
            file = FileHandle.standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: path) else {
                throw CommandError(description: "\(path) cannot be read.")
            }
            file = opened
        }
        // A directory opens, and then cannot be read.
        guard let content = try? file.read(upToCount: limit + 1) ?? Data() else {
            throw CommandError(description: "\(path) cannot be read.")
        }
        guard content.count <= limit else {
            throw CommandError(description: "\(title(of: path)) is longer than 16 MiB.")
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw CommandError(description: "\(title(of: path)) is not text in UTF-8.")
        }
        return text
    }
}
