import Domain
import Foundation
import Yams

/// JSON as YAML, and YAML as JSON.
enum JSONTree {
    private static let maximumDepth = 64
    /// What a text of YAML cannot hold as it is.
    static let escaped: Set<Unicode.Scalar> = ["\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}"]

    /// The value that a node means by the rules of YAML.
    static func value(of node: YAMLNode, depth: Int = 0) throws(FieldFault) -> JSONValue {
        guard depth < maximumDepth else { throw FieldFault("is nested too deep", line: node.mark?.line) }
        switch node {
        case .mapping(let mapping):
            var members: [TextKey: JSONValue] = [:]
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw FieldFault("holds a key that is no text", line: key.mark?.line)
                }
                members[TextKey(name)] = try self.value(of: value, depth: depth + 1)
            }
            return .object(members)
        case .sequence(let items):
            var elements: [JSONValue] = []
            for item in items { elements.append(try value(of: item, depth: depth + 1)) }
            return .array(elements)
        case .scalar(let scalar): return value(of: scalar, node)
        case .alias: throw FieldFault("names an anchor that is not there", line: node.mark?.line)
        }
    }

    private static func value(of scalar: YAMLNode.Scalar, _ node: YAMLNode) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil { return nil }
        if let truth = node.bool { return .bool(truth) }
        // What JSON calls a number is one; YAML's other spellings (0x1F, 1_000, .inf) stay texts.
        switch try? JSONValue.parse(Array(scalar.string.utf8)) {
        case .integer(let number)?: return .integer(number)
        case .number(let number)?: return .number(number)
        default: return .string(scalar.string)
        }
    }

    /// The node that reads back as this value.
    static func node(of value: JSONValue) -> YAMLNode {
        switch value {
        case .null: return YAMLNode("null")
        case .bool(let value): return YAMLNode(value ? "true" : "false")
        case .integer(let number): return YAMLNode("\(number)")
        case .number, .oversizedNumber: return YAMLNode(value.serialized())
        case .string(let text): return self.node(ofText: text)
        case .array(let elements): return YAMLNode(elements.map(node), .implicit, elements.isEmpty ? .flow : .any)
        case .object(let members):
            let pairs = members.sorted { $0.key < $1.key }.map { (self.node(ofText: $0.key.text), node(of: $0.value)) }
            return YAMLNode(pairs, .implicit, pairs.isEmpty ? .flow : .any)
        }
    }

    /// A text: in quotes where it would read as something else, in lines where it has several.
    static func node(ofText text: String) -> YAMLNode {
        let plain = YAMLNode(text)
        // Where it is not escaped, YAML makes a line feed of every other break, and drops a byte order mark.
        let isLiteral = text.unicodeScalars.allSatisfy { !escaped.contains($0) } && text.unicodeScalars.first != "\n"
        if text.unicodeScalars.contains(where: { $0 == "\n" || escaped.contains($0) }) {
            return YAMLNode(text, Tag(.str), isLiteral ? .literal : .doubleQuoted)
        }
        let readsAsText =
            if let scalar = plain.scalar { value(of: scalar, plain) == .string(text) } else { false }
        return plain.tag == Tag(.str) && readsAsText ? plain : YAMLNode(text, Tag(.str), .doubleQuoted)
    }
}

/// A piece of YAML; the bare name is that of a server in Domain.
typealias YAMLNode = Yams.Node
