import Domain
import Yams

/// Why a value cannot be that of its field.
struct FieldFault: Error {
    /// The line, where it is another than that of the value.
    var line: Int?
    let sentence: String

    init(_ sentence: String, line: Int? = nil) {
        self.line = line
        self.sentence = sentence
    }
}

/// Reads values by the type of their field. So a text is what is written, whatever YAML would make of `on` or `1.10`.
enum FieldValue {
    static func read(_ node: YAMLNode, _ field: TaskField) throws(FieldFault) -> JSONValue {
        if node.null != nil {
            guard field.isNullable else { throw FieldFault("must not be null") }
            return nil
        }
        switch field.kind {
        case .text, .moment: return .string(try text(node))
        case .whole: return .integer(try whole(node))
        case .truth:
            guard let value = node.bool else { throw FieldFault("must be true or false") }
            return .bool(value)
        case .set: return .array(try texts(node, isTags: field.key == "tags"))
        case .tasks: return .array(try texts(node, isTags: false))
        case .variables: return try variables(node)
        case .object: return try object(node)
        }
    }

    private static func text(_ node: YAMLNode) throws(FieldFault) -> String {
        guard let text = node.scalar?.string else { throw FieldFault("must be a text") }
        return text
    }

    private static func whole(_ node: YAMLNode) throws(FieldFault) -> Int {
        guard case .integer(let number)? = try? JSONTree.value(of: node) else {
            throw FieldFault("must be a whole number")
        }
        return number
    }

    private static func texts(_ node: YAMLNode, isTags: Bool) throws(FieldFault) -> [JSONValue] {
        guard let items = node.sequence else { throw FieldFault("must be a list of texts") }
        var texts: [JSONValue] = []
        for item in items {
            guard let text = item.scalar?.string, item.null == nil else {
                throw FieldFault("must be a list of texts", line: item.mark?.line)
            }
            guard !isTags || !Marker.isMark(text) else {
                throw FieldFault("'\(text)' is a mark that files give", line: item.mark?.line)
            }
            texts.append(.string(text))
        }
        return texts
    }

    /// A variable that reads like a number is a text all the same; null is a secret that the server keeps.
    private static func variables(_ node: YAMLNode) throws(FieldFault) -> JSONValue {
        guard let mapping = node.mapping else { throw FieldFault("must be a mapping of names to texts") }
        var variables: [TextKey: JSONValue] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let text = value.scalar?.string else {
                throw FieldFault("must be a mapping of names to texts", line: key.mark?.line)
            }
            variables[TextKey(name)] = value.null != nil ? .null : .string(text)
        }
        return .object(variables)
    }

    private static func object(_ node: YAMLNode) throws(FieldFault) -> JSONValue {
        let value = try JSONTree.value(of: node)
        guard case .object = value else { throw FieldFault("must be a mapping") }
        return value
    }
}
