/// Why bytes are not an acceptable JSON text, and where.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: String, Sendable {
        case byteOrderMark = "a byte order mark is not allowed"
        case controlCharacter = "a control character in a string must be escaped"
        case duplicateKey = "the key before stands twice in one object"
        case invalidEscape = "not an escape sequence"
        case invalidNumber = "not a number"
        case invalidUTF8 = "the string that starts here is not UTF-8"
        case loneSurrogate = "half of a surrogate pair stands alone"
        case nestedTooDeep = "nested too deep"
        case trailingData = "more follows after the value"
        case unexpectedByte = "this character cannot stand here"
        case unexpectedEnd = "the text ends too early"
    }

    package let reason: Reason
    /// How many bytes precede the fault.
    package let offset: Int

    /// A phrase that quotes nothing of the text.
    package var description: String { "\(reason.rawValue), at byte \(offset)" }
}

extension JSONValue {
    /// What becomes of members of one object with the same key.
    package enum DuplicateKeys: Sendable {
        case lastWins
        case refused
    }

    /// Reads one JSON text in UTF-8, strictly by RFC 8259; white space may surround it.
    ///
    /// A number of the right form is never an error: one beyond 64 bits becomes `oversizedNumber`.
    /// - Parameter maximumDepth: how many arrays and objects may stand within each other, at most 512, because parsing
    ///   recurses once per level.
    package static func parse(
        _ bytes: some Sequence<UInt8>, maximumDepth: Int = 64, duplicateKeys: DuplicateKeys = .lastWins
    ) throws(JSONError) -> JSONValue {
        // A `Result` because the standard library's closures cannot pass a typed error on.
        func outcome(of bytes: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONError> {
            var parser = JSONValueParser(
                bytes: bytes, maximumDepth: min(maximumDepth, 512), duplicateKeys: duplicateKeys)
            return Result { () throws(JSONError) in try parser.document() }
        }
        if let outcome = bytes.withContiguousStorageIfAvailable({ outcome(of: $0) }) {
            return try outcome.get()
        }
        return try Array(bytes).withUnsafeBufferPointer { outcome(of: $0) }.get()
    }
}
