/// What a stream of an attempt held, as text, perhaps cut.
package struct OutputText: Sendable, Equatable {
    package let text: String
    /// Whether `text` is less than what was written.
    package let isTruncated: Bool

    /// A text, and whether something was cut from it.
    package init(text: String, isTruncated: Bool) {
        self.text = text
        self.isTruncated = isTruncated
    }

    /// A stream on which nothing was written.
    package static let empty = OutputText(text: "", isTruncated: false)

    /// Bytes of a stream that a row of a list shows.
    package static let listLimit = 16 * 1024

    /// Head and tail of a text that is longer than a row of a list shows: as much as `cut` needs of each.
    package var ends: (head: String, tail: String)? {
        guard text.utf8.count > Self.listLimit else { return nil }
        return (
            String(Self.prefix(of: text, bytes: Self.listLimit / 2)),
            String(Self.suffix(of: text, bytes: Self.listLimit / 2))
        )
    }

    /// A text of `byteCount` bytes that keeps head and tail within `limit` bytes, the mark line of what was cut
    /// included.
    ///
    /// - Parameters:
    ///   - head: at least the first `limit / 2` bytes of the text.
    ///   - tail: at least the last `limit / 2` bytes of the text.
    ///   - limit: more than a mark line takes, which is kept whatever the limit.
    package static func cut(head: String, tail: String, byteCount: Int, limit: Int) -> String {
        // No mark is longer than that of the whole.
        let half = max(limit - mark(ofBytes: byteCount).utf8.count, 0) / 2
        let first = prefix(of: head, bytes: half)
        let last = suffix(of: tail, bytes: half)
        return "\(first)\(mark(ofBytes: byteCount - first.utf8.count - last.utf8.count))\(last)"
    }

    /// The mark line as a regular expression of the database.
    package static let markPattern = "\n\\[\\.\\.\\. [0-9,]+ bytes cut by qkron \\.\\.\\.\\]\n"

    /// How many bytes a mark line says were cut.
    package static func bytesCut(by mark: String) -> Int {
        Int(mark.unicodeScalars.filter { ("0"..."9").contains($0) }.map(String.init).joined()) ?? 0
    }

    /// The line that stands where bytes were cut, worded as in the output of a command that was cut at its limit.
    private static func mark(ofBytes count: Int) -> String {
        "\n[... \(grouped(count)) bytes cut by qkron ...]\n"
    }

    /// The number with commas between its thousands.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.enumerated().reduce(into: "") { text, digit in
            if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text.append(",") }
            text.append(digit.element)
        }
    }

    private static func prefix(of text: String, bytes: Int) -> Substring {
        let utf8 = text.utf8
        guard utf8.count > bytes else { return text[...] }
        var end = utf8.index(utf8.startIndex, offsetBy: bytes)
        while end > utf8.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = utf8.index(before: end) }
        return text[..<end]
    }

    private static func suffix(of text: String, bytes: Int) -> Substring {
        let utf8 = text.utf8
        guard utf8.count > bytes else { return text[...] }
        var start = utf8.index(utf8.endIndex, offsetBy: -bytes)
        while start < utf8.endIndex, start.samePosition(in: text.unicodeScalars) == nil {
            start = utf8.index(after: start)
        }
        return text[start...]
    }
}
