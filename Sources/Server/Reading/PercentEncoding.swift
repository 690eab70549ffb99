import Domain

/// Percent-encoding of URLs (RFC 3986) and forms.
enum PercentEncoding {
    /// The text behind `encoded`; nil for a broken escape or what is not UTF-8 then.
    ///
    /// - Parameter plusIsSpace: whether `+` stands for a space, as in forms and queries.
    static func decode(_ encoded: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var rest = encoded.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension UInt8 {
    /// The small letter where this is a capital one of ASCII, else the same byte.
    var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}

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
