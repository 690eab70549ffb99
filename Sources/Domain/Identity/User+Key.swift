extension User {
    /// No e-mail address and no username has more characters.
    package static let longestName = 255
    /// How many characters a username has.
    package static let usernameLength = 3...longestName
    /// How many characters a password has; the hash functions take no more.
    package static let passwordLength = 8...72

    /// By what e-mail addresses are compared: the same text for all ways to write one. Only for a name whose length is
    /// checked, as for `caseless`.
    package static func key(of name: String) -> String {
        name.caseless
    }

    /// Whether a name could be an e-mail address. By bytes, since a mark that follows `@` makes another character of
    /// it.
    package static func holdsAtSign(_ name: String) -> Bool {
        name.utf8.contains(UInt8(ascii: "@"))
    }
}
