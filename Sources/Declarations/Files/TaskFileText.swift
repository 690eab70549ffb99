import Domain
import Yams

/// Tasks of a server as a file that makes them so.
package struct TaskFileText: Sendable {
    private let name: String?
    private let tasks: [[(key: TextKey, value: JSONValue)]]

    /// The file that holds these tasks, as the API answers them. What is as usual is left out; so are the marks of
    /// files, but where one file made all of them it is called as that one.
    package init(_ tasks: [JSONValue]) {
        let marks = tasks.map { task in Self.tags(of: task).compactMap(Marker.fileName).first }
        name = Set(marks).count == 1 ? marks[0] : nil
        let names = Self.names(of: tasks)
        self.tasks = tasks.map { task in
            TaskField.all.compactMap { field in Self.value(of: field, in: task, names).map { (field.key, $0) } }
        }
    }

    /// In YAML.
    ///
    /// - Throws: what a text that YAML cannot hold makes the library throw.
    package func yaml() throws -> String {
        let items = tasks.map { task in
            YAMLNode(task.map { (JSONTree.node(ofText: $0.key.text), JSONTree.node(of: $0.value)) })
        }
        let list = YAMLNode(items, .implicit, items.isEmpty ? .flow : .block)
        let head = name.map { [(YAMLNode("name"), JSONTree.node(ofText: $0))] } ?? []
        return try Yams.serialize(
            node: YAMLNode(head + [(YAMLNode("tasks"), list)]), width: -1, allowUnicode: true)
    }

    /// In JSON, which `TaskFile` reads as well: as YAML, so that what JSON alone could hold as it is is escaped.
    package var json: String {
        value.serialized().unicodeScalars.map { scalar in
            guard JSONTree.escaped.contains(scalar) else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    private var value: JSONValue {
        let list = JSONValue.array(tasks.map { .object(Dictionary($0.map { ($0.key, $0.value) }) { $1 }) })
        return name.map { ["name": .string($0), "tasks": list] } ?? ["tasks": list]
    }

    private static func tags(of task: JSONValue) -> [String] {
        (task.member("tags")?.elements ?? []).compactMap(\.textValue)
    }

    /// The name of each id, where no other task has it.
    private static func names(of tasks: [JSONValue]) -> [String: String] {
        let pairs = tasks.compactMap { task -> (TextKey, String)? in
            guard let name = task.member("name")?.textValue, let id = task.member("id")?.textValue else { return nil }
            return (TextKey(name), id)
        }
        let byName = Dictionary(grouping: pairs, by: \.0).filter { $1.count == 1 }
        return Dictionary(byName.values.joined().map { ($0.1, $0.0.text) }) { first, _ in first }
    }

    private static func value(of field: TaskField, in task: JSONValue, _ names: [String: String]) -> JSONValue? {
        guard let value = task.member(field.key) else { return nil }
        switch field.key {
        case "tags":
            let tags = tags(of: task).filter { !Marker.isMark($0) }.sorted()
            return tags.isEmpty ? Optional.none : .array(tags.map(JSONValue.string))
        case "is_active": return value == false ? value : Optional.none
        case "dependencies":
            let ids = (value.elements ?? []).compactMap(\.textValue)
            return ids.isEmpty ? Optional.none : .array(ids.map { .string(names[$0] ?? $0) })
        // A bare nil would be the JSON value null.
        default: return field.otherwise == .value(value) ? Optional.none : value
        }
    }
}
