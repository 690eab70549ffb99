/// Why a cron expression was refused: one line naming the field, the offending text and what is allowed.
package struct CronError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The whole message; it quotes the caller's text, with what cannot be seen escaped.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ subject: String, _ offending: some Sequence<UInt8>, _ reason: String, allowed: String) {
        description = "\(subject): \(quoted(offending)) \(reason); allowed: \(allowed)"
    }
}

/// Quotes foreign text for a message: on one line, at most 60 characters (Unicode scalars); what cannot be seen, or is
/// no UTF-8, is escaped.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var text = "'"
    var decoder = UTF8.ForwardParser()
    var rest = Array(bytes).makeIterator()
    for _ in 0..<60 {
        switch decoder.parseScalar(from: &rest) {
        case .valid(let encoded): text += shown(UTF8.decode(encoded))
        case .error(let length): text += String(repeating: "\u{FFFD}", count: length)
        case .emptyInput: return text + "'"
        }
    }
    if case .emptyInput = decoder.parseScalar(from: &rest) { return text + "'" }
    return text + "…'"
}

private func shown(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\t": return "\\t"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case " ": return " "
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
        .spaceSeparator:
        let number = String(scalar.value, radix: 16, uppercase: true)
        return scalar.value < 0x80 ? "\\x" + (number.count == 1 ? "0" : "") + number : "\\u{\(number)}"
    default:
        return String(scalar)
    }
}
