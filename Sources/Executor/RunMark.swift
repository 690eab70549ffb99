import Foundation

/// The number by which every process of a run is known, whatever it does to its session, parents and environment.
///
/// The executor sets it as the limit RLIMIT_LOCKS, which Linux no longer enforces, hands down through fork and exec,
/// and shows in `/proc/PID/limits`. A limit can be lowered but not raised again, so only a process that forges the
/// mark on purpose loses it. The number is made of the execution's id (40 bits) and the fencing token (20 bits): it
/// needs no bookkeeping and outlives whoever set it.
struct RunMark: Sendable, Hashable {
    let value: UInt64
    private let executionID: UUID
    private let fencingToken: Int64

    init(executionID: UUID, fencingToken: Int64) {
        self.executionID = executionID
        self.fencingToken = fencingToken
        value = Self.prefix(of: executionID) << 20 | UInt64(truncatingIfNeeded: fencingToken) & 0xF_FFFF
    }

    /// Whether the environment, its entries ended by NUL, names this very attempt of the execution.
    func isNamed(inEnvironment environment: [UInt8]) -> Bool {
        // Made only here: hardly any process is looked at so closely, but each run has a mark.
        let entries = ["QKRON_EXECUTION_ID=\(executionID.uuidString)", "QKRON_FENCING_TOKEN=\(fencingToken)"]
        return entries.allSatisfy { Self.isNamed(Array($0.lowercased().utf8), inEnvironment: environment) }
    }

    /// Whether the environment has the entry, given in lower case; case does not count.
    static func isNamed(_ entry: [UInt8], inEnvironment environment: [UInt8]) -> Bool {
        environment.split(separator: 0).contains { equalsIgnoringCase($0, entry) }
    }

    /// What all attempts of an execution have in common: 0100, then a hash of the id.
    static func prefix(of executionID: UUID) -> UInt64 {
        let hash = withUnsafeBytes(of: executionID.uuid) { bytes in
            bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
        return 0x4 << 40 | hash >> 24
    }

    /// Whether a limit can be a mark at all.
    static func isWellFormed(_ value: UInt64) -> Bool {
        value >> 60 == 0x4
    }

    private static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ lowercased: [UInt8]) -> Bool {
        bytes.count == lowercased.count
            && zip(bytes, lowercased).allSatisfy { ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 }
    }
}
