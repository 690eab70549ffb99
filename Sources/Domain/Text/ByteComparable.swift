/// What can be compared byte by byte: in time that grows with its length alone, and without taking for one what was
/// sent as two.
package protocol ByteComparable: Sendable {
    /// Whether both are written with the same bytes.
    func hasSameBytes(as other: Self) -> Bool
}

extension String: ByteComparable {
    package func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Hashes what `hasSameBytes` compares.
    func hashBytes(into hasher: inout Hasher) {
        var text = self
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(utf8.count)
    }
}

extension Optional: ByteComparable where Wrapped: ByteComparable {
    package func hasSameBytes(as other: Wrapped?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?): left.hasSameBytes(as: right)
        default: false
        }
    }
}

extension Array: ByteComparable where Element: ByteComparable {
    package func hasSameBytes(as other: [Element]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.hasSameBytes(as: $1) }
    }
}
