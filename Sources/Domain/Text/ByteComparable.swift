import Foundation

/// What can be compared byte by byte: in time that grows with its length alone, and without taking for one what was
/// sent as two.
package protocol ByteComparable: Sendable {
    /// Whether both are written with the same bytes.
    func hasSameBytes(as other: Self) -> Bool
}

extension String: ByteComparable {
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        var (left, right) = (self, other)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                // Of no text there is no address.
                guard let start = left.baseAddress, let otherStart = right.baseAddress else { return true }
                return memcmp(start, otherStart, left.count) == 0
            }
        }
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
