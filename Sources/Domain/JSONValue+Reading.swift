/// Looking into a value that somebody else wrote: what is not there, or is of another type, is nil.
extension JSONValue {
    /// The value of this key, where it is an object that has it.
    package func member(_ key: TextKey) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// Its text, where it is a string.
    package var textValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// Its number, where it is a whole one.
    package var integerValue: Int? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// Its truth, where it is a boolean.
    package var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// Its elements, where it is an array.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
