/// A text as a key: equal, hashed and ordered by its UTF-8 bytes.
///
/// A Swift string is compared in normal form. That makes one key of two that a client sent apart, and takes the square
/// of the length of a run of combining marks.
package struct TextKey: Sendable {
    package let text: String

    /// The key of this text.
    package init(_ text: String) {
        self.text = text
    }
}

extension TextKey: Hashable {
    package static func == (left: TextKey, right: TextKey) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        text.hashBytes(into: &hasher)
    }
}

extension TextKey: Comparable {
    package static func < (left: TextKey, right: TextKey) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension TextKey: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}
