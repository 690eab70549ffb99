extension CaseIterable where Self: RawRepresentable<String> {
    /// The case of this name; nil if there is none. Compares bytes, so that a stranger's text costs no more than its
    /// length.
    package init?(named name: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = found
    }
}
