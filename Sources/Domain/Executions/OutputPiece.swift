/// One of the two streams that an attempt writes.
package enum OutputChannel: String, Sendable, CaseIterable {
    case stdout, stderr
}

/// A place in a stream: so many bytes of text, made of so many that were written.
package struct OutputPlace: Sendable, Equatable {
    package var text: Int
    package var raw: Int

    /// The beginning, or a place further on.
    package init(text: Int = 0, raw: Int = 0) {
        self.text = text
        self.raw = raw
    }
}

/// A piece of what an attempt has written so far.
package struct OutputPiece: Sendable, Equatable {
    package let stream: OutputChannel
    /// Where it begins, in bytes of text; what is missing before it was dropped.
    package let begin: Int
    package let text: String
    /// Where it ends.
    package let end: OutputPlace

    /// A piece of text that begins so far into its stream, and ends at so many bytes as they were written.
    package init(_ stream: OutputChannel, begin: Int, text: String, rawEnd: Int) {
        self.stream = stream
        self.begin = begin
        self.text = text
        end = OutputPlace(text: begin + text.utf8.count, raw: rawEnd)
    }
}
