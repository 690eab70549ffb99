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

    /// A text of `byteCount` bytes that keeps head and tail within `limit` bytes, with a mark line of what was cut.
    ///
    /// - Parameters:
    ///   - head: at least the first `limit / 2` bytes of the text.
    ///   - tail: at least the last `limit / 2` bytes of the text.
    package static func cut(head: String, tail: String, byteCount: Int, limit: Int) -> String {
        let half = limit / 2
        let first = prefix(of: head, bytes: half)
        let last = suffix(of: tail, bytes: half)
        let cut = byteCount - first.utf8.count - last.utf8.count
        return "\(first)\n[... \(cut) bytes cut ...]\n\(last)"
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
