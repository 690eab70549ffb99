import Foundation
import Synchronization

/// The identity of one `Entity`: a UUID that cannot be mistaken for the identity of anything else.
///
/// New identifiers are UUIDs of version 7 (RFC 9562), so they sort by the time they were made. Identifiers that are
/// read may be of any version.
package struct Identifier<Entity>: Hashable, Sendable {
    /// The bare UUID, for storage and comparison with other systems.
    package let uuid: UUID

    /// Makes a new identifier, greater than every other one this process has made before.
    package init() {
        uuid = UUID(version7: UUIDSource.next())
    }

    /// Gives a UUID that is known to name an `Entity` its type.
    package init(_ uuid: UUID) {
        self.uuid = uuid
    }

    /// Reads the hyphenated form of 36 characters, in upper or lower case; nil for anything else.
    package init?(_ text: String) {
        guard let uuid = UUID(hyphenated: text) else { return nil }
        self.uuid = uuid
    }
}

extension Identifier: CustomStringConvertible {
    /// The hyphenated form in lower case.
    package var description: String {
        withUnsafeBytes(of: uuid.uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var end = 0
                func append(_ character: UInt8) {
                    text[end] = character
                    end += 1
                }
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 { append(UInt8(ascii: "-")) }
                    append(hexadecimalDigit(byte >> 4))
                    append(hexadecimalDigit(byte & 0xF))
                }
                return end
            }
        }
    }
}

extension Identifier: Comparable {
    /// Compares byte by byte, which for version 7 is the order of making and is PostgreSQL's order of `uuid`.
    package static func < (left: Self, right: Self) -> Bool {
        left.uuid < right.uuid
    }
}

/// What makes a UUID of version 7 one of a kind.
private enum UUIDSource {
    private struct State {
        var latest: UInt64 = 0
        var noise: [UInt64] = []
    }

    private static let state = Mutex(State())

    /// A stamp greater than all earlier ones, also when the clock stands still or is set back: milliseconds since 1970
    /// in the upper 48 bits that count, 1/4096ths of a millisecond in the lower 12. And noise.
    static func next() -> (stamp: UInt64, noise: UInt64) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        let fraction = UInt64(time.tv_nsec) % 1_000_000 * 4096 / 1_000_000
        return state.withLock { state in
            state.latest = max(state.latest + 1, milliseconds << 12 | fraction)
            if state.noise.isEmpty { state.noise = freshNoise() }
            return (state.latest, state.noise.removeLast())
        }
    }

    /// From the system, as much as it gives at one go: asking for each UUID takes longer than making it.
    private static func freshNoise() -> [UInt64] {
        var noise = [UInt64](repeating: 0, count: 32)
        arc4random_buf(&noise, noise.count * MemoryLayout<UInt64>.size)
        return noise
    }
}

extension UUID {
    fileprivate init(version7 source: (stamp: UInt64, noise: UInt64)) {
        let upper = (source.stamp >> 12) << 16 | 0x7000 | source.stamp & 0xFFF
        let lower = source.noise >> 2 | 1 << 63
        let halves = (upper.bigEndian, lower.bigEndian)
        self = withUnsafeBytes(of: halves) { UUID(uuid: $0.load(as: uuid_t.self)) }
    }

    fileprivate init?(hyphenated text: String) {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        var digits = 0
        var position = 0
        let isSound = withUnsafeMutableBytes(of: &bytes) { bytes in
            for character in text.utf8 {
                if position == 8 || position == 13 || position == 18 || position == 23 {
                    guard character == UInt8(ascii: "-") else { return false }
                } else {
                    guard digits < 32, let value = hexadecimalValue(character) else { return false }
                    bytes[digits / 2] = bytes[digits / 2] << 4 | value
                    digits += 1
                }
                position += 1
            }
            return position == 36
        }
        guard isSound else { return nil }
        self.init(uuid: bytes)
    }
}

/// The lower-case digit for a value below 16.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
}

/// The value of a hexadecimal digit in either case.
func hexadecimalValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
