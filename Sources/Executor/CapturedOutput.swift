/// What a command wrote to one stream, as text.
package struct CapturedOutput: Sendable, Equatable {
    /// The output: invalid UTF-8 reads U+FFFD, NUL the two characters `\0`; a mark line stands where bytes were cut.
    ///
    /// At most as many bytes of UTF-8 as the limit allows, the mark line included.
    package let text: String
    /// Whether something was cut.
    package let isTruncated: Bool
    /// How many bytes the command wrote.
    package let total: Int

    /// The output of a command that wrote nothing.
    package static let empty = CapturedOutput(text: "", isTruncated: false, total: 0)

    /// The text of raw output of which the first and last bytes were kept.
    init(head: [UInt8], tail: [UInt8], total: Int, limit: Int) {
        let isWhole = head.count + tail.count == total
        let whole = !isWhole ? [] : tail.isEmpty ? head : head + tail
        if isWhole, let text = ReadableUTF8.text(of: whole, within: limit) {
            self.init(text: text, isTruncated: false, total: total)
            return
        }
        // No mark is longer than that of the whole. Replacing bytes makes text longer than what was read, so that also
        // what was kept whole may have to be cut.
        let room = max(limit - Self.mark(ofBytes: total).utf8.count, 0)
        let first = ReadableUTF8.prefix(of: isWhole ? whole : ReadableUTF8.withoutTornEnd(head), within: room / 2)
        let last = ReadableUTF8.suffix(
            of: isWhole ? whole : ReadableUTF8.withoutTornStart(tail), within: room - room / 2)
        let mark = Self.mark(ofBytes: total - first.count - last.count)
        self.init(
            text: ReadableUTF8.text(of: first) + mark + ReadableUTF8.text(of: last), isTruncated: true, total: total)
    }

    private init(text: String, isTruncated: Bool, total: Int) {
        self.text = text
        self.isTruncated = isTruncated
        self.total = total
    }

    /// The line that stands where bytes were cut, worded as where a list cuts stored output.
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
}
