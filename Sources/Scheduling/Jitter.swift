import Foundation

/// Delays that spread the starts of many tasks, the same every time for one task and slot.
package enum Jitter {
    /// Seconds to wait after a slot: from 0 through `longest`, and before the following slot if there is one.
    ///
    /// `identity` is the task's id in any spelling that never changes.
    package static func delay(identity: String, slot: Date, longest: Int, following: Date?) -> Int {
        let time = slot.microseconds
        var bound = longest
        if let following {
            // A whole second short of the following slot: never on it, never past it.
            bound = min(bound, (following.microseconds - time - 1) / 1_000_000)
        }
        guard bound > 0 else { return 0 }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in identity.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(mixed(hash ^ mixed(UInt64(bitPattern: Int64(time)))) % UInt64(bound + 1))
    }

    /// The finish of SplitMix64: neighbouring inputs come out unrelated.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
