import Foundation

/// The delays of one task's starts: for each slot another one, the same whoever asks for it and whenever.
package struct Jitter: Sendable {
    private let seed: UInt64
    /// In microseconds.
    private let limit: Int

    /// Delays of up to so many seconds for the task of this id.
    package init(seconds: Int, task: UUID) {
        limit = seconds * 1_000_000
        seed = withUnsafeBytes(of: task.uuid) { bytes in
            Self.mixed(bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
                ^ bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
    }

    /// When the run of a slot is to start: at the slot or later, and before the slot that follows it.
    package func start(of slot: Date, in slots: Slots) -> Date {
        let instant = slot.microseconds
        let room = slots.slot(after: instant).map { $0 - instant } ?? limit
        let span = min(limit, room)
        guard span > 0 else { return slot }
        let hash = Self.mixed(seed &+ UInt64(bitPattern: Int64(instant)))
        return Date(microseconds: instant + Int(hash % UInt64(span)))
    }

    /// The finalizer of SplitMix64: near numbers become far ones, on every machine alike.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
