import Domain

extension JSONValue {
    /// An array of strings.
    static func texts(_ texts: [String]) -> JSONValue {
        .array(texts.map(JSONValue.string))
    }
}
