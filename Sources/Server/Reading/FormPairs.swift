import Domain

/// Pairs of names and values, in order, as forms and queries hold them.
struct FormPairs: Sendable {
    /// No form or query may have more pairs.
    static let limit = 1_000

    private(set) var pairs: [(name: String, value: String)] = []
    private(set) var faults: [InputFault] = []

    /// Reads `name=value&…`; a part that cannot be read, or holds NUL, is a fault of `origin`. Too many are one fault.
    init(_ encoded: some Collection<UInt8>, origin: InputFault.Origin) {
        let parts = encoded.split(separator: UInt8(ascii: "&"), maxSplits: Self.limit)
        guard parts.count <= Self.limit else {
            faults.append(
                InputFault([], "must have at most \(Self.limit) parameters", type: "too_long", origin: origin))
            return
        }
        for part in parts where faults.count < InputFault.limit {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true) else {
                faults.append(InputFault([], "holds a name that is not percent-encoded UTF-8", origin: origin))
                continue
            }
            let value = halves.count == 1 ? "" : PercentEncoding.decode(halves[1], plusIsSpace: true)
            guard let value else {
                faults.append(InputFault([.key(name)], "must be percent-encoded UTF-8", origin: origin))
                continue
            }
            if name.utf8.contains(0) || value.utf8.contains(0) {
                faults.append(InputFault([.key(name)], "must not hold a NUL character", origin: origin))
                continue
            }
            pairs.append((name, value))
        }
    }
}
