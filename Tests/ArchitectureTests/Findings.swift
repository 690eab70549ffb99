import Foundation

/// What the house forbids, as functions from a text to the places where it is found.
enum Findings {
    /// The modules that a text imports, whatever attributes and access levels stand before the word.
    static func imports(in text: SourceText) -> [String] {
        text.code.compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let keyword = words.firstIndex(of: "import") else { return nil }
            let isDeclaration = words[..<keyword].allSatisfy { $0.hasPrefix("@") || accessLevels.contains($0) }
            var rest = words[(keyword + 1)...]
            if let first = rest.first, importKinds.contains(first) { rest = rest.dropFirst() }
            guard isDeclaration, let module = rest.first?.split(separator: ".").first else { return nil }
            return String(module)
        }
    }

    /// The lines of code that match, counted from 1.
    static func lines(matching pattern: String, in text: SourceText) throws -> [Int] {
        let expression = try NSRegularExpression(pattern: pattern)
        return text.code.enumerated().compactMap { index, line in
            let range = NSRange(line.startIndex..., in: line)
            return expression.firstMatch(in: line, range: range) == nil ? nil : index + 1
        }
    }

    /// The lines of code that match and have no comment on the line above.
    static func unexplained(matching pattern: String, in text: SourceText) throws -> [Int] {
        try lines(matching: pattern, in: text).filter { number in
            guard number > 1 else { return true }
            return !text.lines[number - 2].trimmingCharacters(in: .whitespaces).hasPrefix("//")
        }
    }

    /// The lines that are comments, and longer than 120 columns.
    static func wideComments(in text: SourceText) -> [Int] {
        zip(text.lines, text.code).enumerated().compactMap { index, line in
            let isComment = line.0.drop { $0 == " " }.hasPrefix("//") && line.1.allSatisfy { $0 == " " }
            return isComment && line.0.count > 120 ? index + 1 : nil
        }
    }

    /// The lines that declare a function, or a computed property, with more than 40 lines between its braces: those
    /// that the formatter puts as far in as the declaration.
    static func longFunctions(in text: SourceText) throws -> [Int] {
        let declaration = "^ *([@A-Za-z]+(\\([^)]*\\))? +)*(func\\b|init\\b|deinit\\b|subscript\\b|var\\b.*\\{ *$)"
        return try lines(matching: declaration, in: text).filter { number in
            let indentation = text.code[number - 1].prefix { $0 == " " }
            // What stands as far in, or further out; of the function itself these are its own lines alone.
            let beside = text.code[(number - 1)...].enumerated().filter { _, line in
                let content = line.drop { $0 == " " }
                return !content.isEmpty && line.count - content.count <= indentation.count
            }
            let lines = beside.map { (offset: $0, text: $1.trimmingCharacters(in: .whitespaces)) }
            guard let opening = lines.prefix(3).firstIndex(where: { $0.text.hasSuffix("{") }),
                lines[..<(opening + 1)].dropFirst().allSatisfy({ $0.text.hasPrefix(")") || $0.text == "{" }),
                lines.count > opening + 1, lines[opening + 1].text == "}"
            else { return false }
            return lines[opening + 1].offset - lines[opening].offset - 1 > 40
        }
    }

    /// The lines that declare a function with a sentence for a name but do not mark it as a test.
    static func forgottenTests(in text: SourceText) throws -> [Int] {
        try lines(matching: "\\bfunc `[^`]* [^`]*`", in: text).filter { number in
            !isMarkedAsTest(text.code[..<number])
        }
    }

    /// Whether `@Test` stands on the last line, or above it among the attributes of the same declaration.
    private static func isMarkedAsTest(_ lines: ArraySlice<String>) -> Bool {
        guard let declaration = lines.last else { return false }
        if declaration.contains("@Test") { return true }
        let indentation = declaration.prefix { $0 == " " }.count
        for line in lines.dropLast().reversed() {
            // A line further in continues the arguments of an attribute; a blank one was a comment.
            let content = line.drop { $0 == " " }
            if content.isEmpty || line.count - content.count > indentation { continue }
            if content.contains("func ") { return false }
            if content.hasPrefix("@Test") { return true }
            guard let first = content.first, "@)]".contains(first) else { return false }
        }
        return false
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let importKinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]
}
