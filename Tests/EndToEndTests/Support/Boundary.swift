import EndToEndSupport

/// A value at a limit that a schema tells of, or just beyond it.
struct Boundary {
    /// The way to the field: `body.limits.nice`.
    let place: String
    /// The field of the body that holds it, and what it is to be.
    let field: String
    let value: JSON
    let isWithin: Bool

    /// The limits of every member of the schema of a body.
    static func all(of schema: JSON, in checker: SchemaChecker) -> [Boundary] {
        let properties = checker.resolve(schema)["properties"]
        return properties.keys.sorted().flatMap { name in
            values(of: checker.resolve(properties[name]), at: "body.\(name)").map {
                Boundary(place: $0.place, field: name, value: $0.value, isWithin: $0.isWithin)
            }
        }
    }

    private typealias Found = (place: String, value: JSON, isWithin: Bool)

    private static func values(of schema: JSON, at place: String) -> [Found] {
        let types = schema["type"].string.map { [$0] } ?? schema["type"].items.compactMap(\.string)
        // What may be anything has no limits.
        guard !types.isEmpty else { return [] }
        let null: Found = (place, .null, types.contains("null"))
        guard schema["enum"] == .null else {
            return [null, (place, "no-such-word", false)] + schema["enum"].items.map { (place, $0, true) }
        }
        return [null]
            + types.flatMap { type -> [Found] in
                switch type {
                case "string": texts(schema, at: place)
                case "integer": numbers(schema, at: place)
                case "boolean": [(place, "true", false), (place, 1, false), (place, true, true)]
                case "array": arrays(schema, at: place)
                case "object": objects(schema, at: place)
                default: []
                }
            }
    }

    private static func texts(_ schema: JSON, at place: String) -> [Found] {
        var found: [Found] = [(place, 5, false), (place, ["x"], false)]
        if let format = schema["format"].string { found.append((place, .string("no \(format)"), false)) }
        // What a pattern asks for is the first letter here.
        let start = schema["pattern"].string == "^/" ? "/" : "x"
        if let length = schema["maxLength"].integer {
            found.append((place, .string(start + String(repeating: "x", count: length - 1)), true))
            found.append((place, .string(start + String(repeating: "x", count: length)), false))
        }
        if let length = schema["minLength"].integer {
            found.append((place, .string(String(repeating: "x", count: length - 1)), false))
        }
        return found
    }

    private static func numbers(_ schema: JSON, at place: String) -> [Found] {
        var found: [Found] = [(place, "5", false), (place, 5.5, false)]
        if let least = schema["minimum"].integer {
            found += [(place, .integer(least), true), (place, .integer(least - 1), false)]
        }
        if let most = schema["maximum"].integer {
            found += [(place, .integer(most), true), (place, .integer(most + 1), false)]
        }
        return found
    }

    private static func arrays(_ schema: JSON, at place: String) -> [Found] {
        var found: [Found] = [(place, "x", false), (place, [:], false)]
        if schema["items"]["format"] == .null, schema["items"]["enum"] == .null, let most = schema["maxItems"].integer {
            found += [most, most + 1].map { count in
                (place, .array((0..<count).map { .string("x\($0)") }), count == most)
            }
        }
        if let least = schema["minItems"].integer, least > 0 { found.append((place, [], false)) }
        return found
            + values(of: schema["items"], at: place).filter { !$0.isWithin }.map { (place, .array([$0.value]), false) }
    }

    private static func objects(_ schema: JSON, at place: String) -> [Found] {
        var found: [Found] = [(place, "x", false), (place, [], false)]
        if let most = schema["maxProperties"].integer {
            found += [most, most + 1].map { count in
                (place, .object(Dictionary(uniqueKeysWithValues: (0..<count).map { ("x\($0)", "x") })), count == most)
            }
        }
        let properties = schema["properties"]
        return found
            + properties.keys.sorted().flatMap { name in
                values(of: properties[name], at: "\(place).\(name)").map { ($0.place, [name: $0.value], $0.isWithin) }
            }
    }
}
