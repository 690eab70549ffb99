extension String {
    /// The first characters of the text, and an ellipsis where more follow: for messages, which no text may swell.
    package func shortened(to length: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: length, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return String(scalars[..<end]) + "…"
    }
}
