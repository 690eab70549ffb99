/// Why a time zone was refused, in one line.
package struct ZoneError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The whole message; it quotes the caller's text, with what cannot be seen escaped.
    package let description: String

    init(_ name: String, _ reason: String) {
        description = "time zone: \(quoted(name.utf8)) \(reason)"
    }
}
