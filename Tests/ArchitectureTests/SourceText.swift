/// Swift source with its comments and string literals blanked out, line by line, so that a word found in it is code.
///
/// Code inside an interpolation stays; so do names in backticks. Regex literals are not understood.
struct SourceText {
    /// The lines as they are written.
    let lines: [String]
    /// The same lines with nothing but code.
    let code: [String]

    init(_ text: String) {
        var lexer = Lexer(text)
        lexer.code(until: nil)
        lines = Self.lines(of: Array(text.utf8))
        code = Self.lines(of: lexer.output)
    }

    private static func lines(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Works on bytes: everything it looks for is ASCII, and the tests read the whole house in a debug build.
private struct Lexer {
    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    private static let hash = UInt8(ascii: "#")
    private static let quote = UInt8(ascii: "\"")
    private static let backtick = UInt8(ascii: "`")
    private static let backslash = UInt8(ascii: "\\")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let opening = UInt8(ascii: "(")
    private static let closing = UInt8(ascii: ")")

    private let input: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []

    init(_ text: String) {
        input = Array(text.utf8)
        output.reserveCapacity(input.count)
    }

    /// Reads code up to the closing parenthesis of an interpolation, or to the end of the file.
    mutating func code(until end: UInt8?) {
        var depth = 0
        while position < input.count {
            let byte = input[position]
            if byte == Self.slash, peek(1) == Self.slash {
                while position < input.count, input[position] != Self.newline { blank(1) }
            } else if byte == Self.slash, peek(1) == Self.star {
                blockComment()
            } else if byte == Self.backtick {
                keepName()
            } else if byte == Self.quote || byte == Self.hash, let hashes = hashesBeforeQuote() {
                string(hashes: hashes)
            } else {
                if byte == end && depth == 0 { return }
                if byte == Self.opening { depth += 1 }
                if byte == Self.closing { depth -= 1 }
                keep()
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if peek(0) == Self.slash, peek(1) == Self.star {
                depth += 1
                blank(2)
            } else if peek(0) == Self.star, peek(1) == Self.slash {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < input.count
    }

    private mutating func keepName() {
        keep()
        while position < input.count, input[position] != Self.backtick, input[position] != Self.newline { keep() }
        if position < input.count { keep() }
    }

    private mutating func string(hashes: Int) {
        blank(hashes)
        let quotes = peek(1) == Self.quote && peek(2) == Self.quote ? 3 : 1
        blank(quotes)
        while position < input.count, !closes(quotes: quotes, hashes: hashes) {
            if quotes == 1, input[position] == Self.newline { return }
            if input[position] == Self.backslash, hasHashes(hashes, at: 1) {
                let isInterpolation = peek(hashes + 1) == Self.opening
                blank(hashes + 2)
                if isInterpolation {
                    code(until: Self.closing)
                    blank(1)
                }
            } else {
                blank(1)
            }
        }
        blank(quotes + hashes)
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
        guard peek(0) == Self.quote else { return false }
        if quotes == 3, peek(1) != Self.quote || peek(2) != Self.quote { return false }
        return hasHashes(hashes, at: quotes)
    }

    /// The number of `#` signs before a string's opening quote, if a string opens here.
    private func hashesBeforeQuote() -> Int? {
        var count = 0
        while peek(count) == Self.hash { count += 1 }
        return peek(count) == Self.quote ? count : nil
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { peek(offset + $0) == Self.hash }
    }

    private func peek(_ offset: Int) -> UInt8? {
        position + offset < input.count ? input[position + offset] : nil
    }

    private mutating func keep() {
        output.append(input[position])
        position += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < input.count {
            output.append(input[position] == Self.newline ? Self.newline : Self.space)
            position += 1
        }
    }
}
