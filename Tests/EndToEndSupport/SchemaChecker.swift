import Foundation

/// Holds values against the schemas of a document, as far as these use JSON Schema. A member that no schema names is a
/// breach: what is answered has to be described.
package struct SchemaChecker: Sendable {
    private let document: JSON

    package init(_ document: JSON) { self.document = document }

    /// What a reference refers to; anything else as it is.
    package func resolve(_ value: JSON) -> JSON {
        guard let reference = value["$ref"].string else { return value }
        return resolve(reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] })
    }

    /// Every place at which a value is not as a schema says.
    package func breaches(of value: JSON, _ schema: JSON, at place: String = "answer") -> [String] {
        let schema = resolve(schema)
        if schema["anyOf"] != .null {
            let all = schema["anyOf"].items.map { breaches(of: value, $0, at: place) }
            return all.contains([]) ? [] : all.min { $0.count < $1.count } ?? []
        }
        guard types(of: schema).isEmpty || !types(of: schema).isDisjoint(with: Self.types(of: value)) else {
            return [
                "\(place) is \(value.description.prefix(60)), not \(types(of: schema).sorted().joined(separator: ", "))"
            ]
        }
        if schema["enum"] != .null, !schema["enum"].items.contains(value) { return ["\(place) is \(value)"] }
        switch value {
        case .object: return breaches(ofObject: value, schema, at: place)
        case .array(let items):
            return breaches(ofCount: items.count, schema, "Items", at: place)
                + items.enumerated().flatMap { breaches(of: $1, schema["items"], at: "\(place)[\($0)]") }
        case .string(let text):
            return breaches(ofCount: text.unicodeScalars.count, schema, "Length", at: place)
                + (Self.hasFormat(text, schema["format"].string) ? [] : ["\(place) is '\(text.prefix(60))'"])
        case .integer(let number):
            let isInside = number >= schema["minimum"].integer ?? .min && number <= schema["maximum"].integer ?? .max
            return isInside ? [] : ["\(place) is \(number)"]
        default: return []
        }
    }

    private func breaches(ofObject value: JSON, _ schema: JSON, at place: String) -> [String] {
        let properties = schema["properties"]
        let others = schema["additionalProperties"]
        let missing = schema["required"].items.compactMap(\.string).filter { !value.keys.contains($0) }
            .map { "\(place).\($0) is missing" }
        return missing
            + value.keys.sorted().flatMap { key -> [String] in
                if properties.keys.contains(key) {
                    return breaches(of: value[key], properties[key], at: "\(place).\(key)")
                }
                if others != .null, others != false { return breaches(of: value[key], others, at: "\(place).\(key)") }
                return properties == .null && others == .null ? [] : ["\(place).\(key) is not described"]
            }
    }

    private func breaches(ofCount count: Int, _ schema: JSON, _ what: String, at place: String) -> [String] {
        let isInside = count >= schema["min\(what)"].integer ?? 0 && count <= schema["max\(what)"].integer ?? .max
        return isInside ? [] : ["\(place) has \(count) parts"]
    }

    private func types(of schema: JSON) -> Set<String> {
        schema["type"].string.map { [$0] } ?? Set(schema["type"].items.compactMap(\.string))
    }

    private static func types(of value: JSON) -> Set<String> {
        switch value {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .integer: ["integer", "number"]
        case .number: ["number"]
        case .string: ["string"]
        case .array: ["array"]
        case .object: ["object"]
        }
    }

    private static func hasFormat(_ text: String, _ format: String?) -> Bool {
        switch format {
        case "uuid": UUID(uuidString: text) != nil
        case "date-time":
            text.range(
                of: #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"#, options: .regularExpression)
                != nil
        default: true
        }
    }
}
