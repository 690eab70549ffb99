import Domain
import Foundation

/// Makes names of commands: what runs, with its first words, and a number where that is taken.
struct TaskNames {
    private var taken: Set<TextKey> = []
    private static let length = 60

    /// A name that no command before has: the same ones for the same commands in the same order.
    mutating func name(for command: String) -> String {
        let base = Self.base(of: command)
        var name = base
        var number = 1
        while !taken.insert(TextKey(name)).inserted {
            number += 1
            name = "\(base) (\(number))"
        }
        return name
    }

    /// The first simple command that does something, without its directory: `backup.sh --full`.
    private static func base(of command: String) -> String {
        let parts = command.split { ";|&<>\n".contains($0) }.map(bare)
        let does = parts.first { !$0.isEmpty && !$0.hasPrefix("cd ") && !$0.hasPrefix("[") && !$0.hasPrefix("test ") }
        var words = (does ?? parts.first ?? command).split(separator: " ")
        // A digit before a sign of redirection is part of it.
        if words.count > 1, words.last == "1" || words.last == "2" { words.removeLast() }
        let first = words.firstIndex { !$0.contains("=") || $0.hasPrefix("/") } ?? words.startIndex
        var shown = words[first...].map(String.init)
        if let program = shown.first { shown[0] = program.split(separator: "/").last.map(String.init) ?? program }
        let text = shown.joined(separator: " ").unicodeScalars.filter { $0.properties.generalCategory != .control }
        let name = String(String.UnicodeScalarView(text)).shortened(to: length)
        return name.isEmpty ? "command" : name
    }

    /// A command without the words and signs around it that group commands or ask how one ended.
    private static func bare(_ part: Substring) -> String {
        var text = part.trimmingCharacters(in: .whitespaces)
        while let sign = ["{ ", "(", "! ", "if ", "then ", "else "].first(where: text.hasPrefix) {
            text = text.dropFirst(sign.count).trimmingCharacters(in: .whitespaces)
        }
        if text.hasSuffix(")"), !text.contains("(") { text = String(text.dropLast()) }
        return text == "}" ? "" : text.trimmingCharacters(in: .whitespaces)
    }
}
