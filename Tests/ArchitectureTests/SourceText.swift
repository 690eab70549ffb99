/// Swift source with its comments and string literals blanked out, line by line, so that a word found in it is code.
///
/// Code inside an interpolation stays; so do names in backticks. Regex literals are not understood.
struct SourceText {
    let lines: [String]

    init(_ text: String) {
        var lexer = Lexer(text)
        lexer.code(until: nil)
        lines = lexer.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

private struct Lexer {
    private let input: [Character]
    private var position = 0
    private(set) var output = ""

    init(_ text: String) {
        input = Array(text)
        output.reserveCapacity(input.count)
    }

    /// Reads code up to the closing parenthesis of an interpolation, or to the end of the file.
    mutating func code(until closing: Character?) {
        var depth = 0
        while position < input.count {
            let character = input[position]
            if starts(with: "//") {
                blank(while: { $0 != "\n" })
            } else if starts(with: "/*") {
                blockComment()
            } else if character == "`" {
                keepName()
            } else if let hashes = hashesBeforeQuote() {
                string(hashes: hashes)
            } else {
                if character == closing && depth == 0 { return }
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                keep()
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < input.count
    }

    private mutating func keepName() {
        keep()
        while position < input.count, input[position] != "`", input[position] != "\n" { keep() }
        if position < input.count { keep() }
    }

    private mutating func string(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        blank(hashes)
        let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        blank(quotes.count)
        while position < input.count, !starts(with: quotes + fence) {
            if quotes.count == 1, input[position] == "\n" { return }
            if starts(with: "\\" + fence + "(") {
                blank(hashes + 2)
                code(until: ")")
                blank(1)
            } else if starts(with: "\\" + fence) {
                blank(hashes + 2)
            } else {
                blank(1)
            }
        }
        blank(quotes.count + hashes)
    }

    /// The number of `#` signs before a string's opening quote, if a string opens here.
    private func hashesBeforeQuote() -> Int? {
        var ahead = position
        while ahead < input.count, input[ahead] == "#" { ahead += 1 }
        return ahead < input.count && input[ahead] == "\"" ? ahead - position : nil
    }

    private func starts(with text: String) -> Bool {
        input[position...].starts(with: text)
    }

    private mutating func keep() {
        output.append(input[position])
        position += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < input.count {
            output.append(input[position] == "\n" ? "\n" : " ")
            position += 1
        }
    }

    private mutating func blank(while condition: (Character) -> Bool) {
        while position < input.count, condition(input[position]) { blank(1) }
    }
}
