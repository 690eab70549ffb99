import Domain

/// What a JSON value may be, in the words of JSON Schema 2020-12, the dialect of OpenAPI 3.1.
struct JSONSchema: Sendable {
    /// The keywords of this schema.
    private(set) var keywords: [TextKey: JSONValue]
    /// The schemas with a name of their own that it refers to, however indirectly.
    private(set) var parts: [TextKey: JSONValue] = [:]

    /// The schema as it stands in a document.
    var json: JSONValue { .object(keywords) }

    private init(_ keywords: [TextKey: JSONValue], parts: [JSONSchema] = []) {
        self.keywords = keywords
        for part in parts { self.parts.merge(part.parts) { first, _ in first } }
    }

    private init(type: JSONValue, _ keywords: [TextKey: JSONValue] = [:], parts: [JSONSchema] = []) {
        self.init(keywords.merging(["type": type]) { first, _ in first }, parts: parts)
    }

    /// The same under a name that documents refer to.
    func named(_ name: String) -> JSONSchema {
        var reference = JSONSchema(["$ref": .string("#/components/schemas/\(name)")])
        reference.parts = parts
        reference.parts[TextKey(name)] = json
        return reference
    }

    /// The same with something to know about it.
    func note(_ text: String) -> JSONSchema { with("description", .string(text)) }

    /// The same, read so where it is left out.
    func byDefault(_ value: JSONValue) -> JSONSchema { with("default", value) }

    /// The same with a value to show.
    func example(_ value: JSONValue) -> JSONSchema { with("examples", [value]) }

    /// The same, or null.
    var orNull: JSONSchema {
        guard let type = keywords["type"] else { return .any(of: [self, .null]) }
        var schema = with("type", [type, "null"])
        if case .array(let values)? = keywords["enum"] { schema = schema.with("enum", .array(values + [.null])) }
        return schema
    }

    private func with(_ keyword: TextKey, _ value: JSONValue) -> JSONSchema {
        var schema = self
        schema.keywords[keyword] = value
        return schema
    }
}

/// Values that are not made of others.
extension JSONSchema {
    /// Whatever there is.
    static let anything = JSONSchema([:])
    static let null = JSONSchema(type: "null")
    static let bool = JSONSchema(type: "boolean")
    static let number = JSONSchema(type: "number")
    static let text = JSONSchema(type: "string")
    /// An instant (RFC 3339).
    static let time = text.with("format", "date-time").example("2026-03-01T02:30:00Z")
    static let id = text.with("format", "uuid")

    /// A text of so many characters (Unicode scalars); no upper bound is `Int.max`.
    static func text(_ length: ClosedRange<Int>, pattern: String? = nil) -> JSONSchema {
        var schema = text
        if length.lowerBound > 0 { schema = schema.with("minLength", .integer(length.lowerBound)) }
        if length.upperBound < .max { schema = schema.with("maxLength", .integer(length.upperBound)) }
        if let pattern { schema = schema.with("pattern", .string(pattern)) }
        return schema
    }

    /// A whole number in a range; no upper bound is `Int.max`.
    static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        let schema = JSONSchema(type: "integer", ["minimum": .integer(range.lowerBound)])
        return range.upperBound < .max ? schema.with("maximum", .integer(range.upperBound)) : schema
    }

    /// A whole number that fits into 64 bits.
    static let integer = JSONSchema(type: "integer", ["format": "int64"])

    /// One of these words.
    static func choice(_ words: String...) -> JSONSchema { choice(of: words) }

    /// One of the raw values of an enumeration.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(of _: Choice.Type) -> JSONSchema {
        choice(of: Choice.allCases.map(\.rawValue))
    }

    private static func choice(of words: [String]) -> JSONSchema {
        JSONSchema(type: "string", ["enum": .texts(words)])
    }
}

/// Values that are made of others.
extension JSONSchema {
    /// An object of which nothing is known.
    static let anyObject = JSONSchema(type: "object")

    /// At most so many of these; no bound is `Int.max`.
    static func array(of element: JSONSchema, count: ClosedRange<Int> = 0...Int.max) -> JSONSchema {
        var schema = JSONSchema(type: "array", ["items": element.json], parts: [element])
        if count.lowerBound > 0 { schema = schema.with("minItems", .integer(count.lowerBound)) }
        if count.upperBound < .max { schema = schema.with("maxItems", .integer(count.upperBound)) }
        return schema
    }

    /// An object with at most so many members of any names that fit.
    static func map(of value: JSONSchema, names: JSONSchema, upTo count: Int) -> JSONSchema {
        JSONSchema(
            type: "object",
            ["additionalProperties": value.json, "propertyNames": names.json, "maxProperties": .integer(count)],
            parts: [value, names])
    }

    /// An object that is sent: these members must be there, others may, and unknown ones are ignored.
    static func request(
        required: [TextKey] = [], _ members: KeyValuePairs<TextKey, JSONSchema>
    ) -> JSONSchema {
        object(required: required, members)
    }

    /// The same object, of which no other members are taken.
    var closed: JSONSchema { with("additionalProperties", false) }

    /// An object that is answered: all of its members are always there.
    static func answer(_ members: KeyValuePairs<TextKey, JSONSchema>) -> JSONSchema {
        object(required: members.map(\.key), members)
    }

    /// The same object with further members, each of which may be there or not.
    func adding(_ members: KeyValuePairs<TextKey, JSONSchema>) -> JSONSchema {
        guard case .object(var properties)? = keywords["properties"] else { return self }
        for (name, schema) in members { properties[name] = schema.json }
        var schema = JSONSchema(keywords, parts: members.map(\.value))
        schema.parts.merge(parts) { first, _ in first }
        return schema.with("properties", .object(properties))
    }

    static func any(of schemas: [JSONSchema]) -> JSONSchema {
        JSONSchema(["anyOf": .array(schemas.map(\.json))], parts: schemas)
    }

    private static func object(
        required: [TextKey], _ members: KeyValuePairs<TextKey, JSONSchema>
    ) -> JSONSchema {
        let properties = Dictionary(members.map { ($0.key, $0.value.json) }) { $1 }
        var keywords: [TextKey: JSONValue] = ["properties": .object(properties)]
        if !required.isEmpty { keywords["required"] = .texts(required.map(\.text)) }
        return JSONSchema(type: "object", keywords, parts: members.map(\.value))
    }
}
