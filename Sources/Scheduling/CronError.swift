/// Why a cron expression was refused: one line naming the field, the offending text and what is allowed.
package struct CronError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The whole message; it quotes the caller's text with everything but printable ASCII escaped.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ subject: String, _ offending: some Sequence<UInt8>, _ reason: String, allowed: String) {
        description = "\(subject): \(quoted(offending)) \(reason); allowed: \(allowed)"
    }
}

/// Quotes foreign text for a message: one line, printable ASCII only, at most 60 characters.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var text = "'"
    for (position, byte) in bytes.enumerated() {
        if position == 60 { return text + "…'" }
        switch byte {
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        case 0x09: text += "\\t"
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return text + "'"
}
