import Foundation

/// A line that sets a variable: `NAME = value`, each perhaps in quotes.
struct CrontabVariable: Equatable {
    let name: String
    let value: String

    /// Nil where the line sets none.
    init?(_ line: String) {
        guard let (name, rest) = Self.name(at: line[...]) else { return nil }
        let afterName = rest.drop { $0 == " " || $0 == "\t" }
        guard afterName.first == "=" else { return nil }
        self.name = name
        value = Self.unquoted(String(afterName.dropFirst()).trimmingCharacters(in: .whitespaces))
    }

    private static func name(at text: Substring) -> (String, Substring)? {
        if let quote = text.first, quote == "\"" || quote == "'" {
            guard let end = text.dropFirst().firstIndex(of: quote) else { return nil }
            return (String(text[text.index(after: text.startIndex)..<end]), text[text.index(after: end)...])
        }
        let name = text.prefix { $0 != "=" && $0 != " " && $0 != "\t" }
        return name.isEmpty ? nil : (String(name), text[name.endIndex...])
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }
}
