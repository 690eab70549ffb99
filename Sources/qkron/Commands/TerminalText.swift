extension String {
    /// The text without what could move the cursor or colour the terminal: it may come from somebody else.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control && $0 != "\n" ? "\u{FFFD}" : $0 }))
    }
}
