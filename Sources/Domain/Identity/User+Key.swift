import Foundation

extension User {
    /// By what e-mail addresses are compared: the same text for all ways to write one, in upper or lower case and with
    /// accents composed or apart (NFC, then Unicode lower case).
    package static func key(of name: String) -> String {
        // Once more at the end: a letter in lower case may compose with what follows it.
        name.precomposedStringWithCanonicalMapping.lowercased().precomposedStringWithCanonicalMapping
    }

    /// Whether a name could be an e-mail address. By bytes, since a mark that follows `@` makes another character of it.
    package static func holdsAtSign(_ name: String) -> Bool {
        name.utf8.contains(UInt8(ascii: "@"))
    }
}
