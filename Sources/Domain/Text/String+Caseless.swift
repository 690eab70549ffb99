import Foundation

extension String {
    /// The same text for all ways to write one, in upper or lower case and with accents composed or apart (NFC, then
    /// Unicode lower case).
    ///
    /// Takes the square of the length of a run of combining marks: only for a text whose length is bounded.
    package var caseless: String {
        // Once more at the end: a letter in lower case may compose with what follows it.
        precomposedStringWithCanonicalMapping.lowercased().precomposedStringWithCanonicalMapping
    }

    /// As `caseless`, and the same too for letters that become one in upper case alone: `ß` and `ss`, final sigma and
    /// sigma.
    package var folded: String { caseless.uppercased().caseless }
}
