import Domain

/// A task as a file wants it.
package struct DeclaredTask: Sendable {
    /// What it is called; one name, one task.
    package let name: String
    /// What the file says, as the API takes it; dependencies may be names of tasks of the same file.
    package let fields: [TextKey: JSONValue]
    /// The line of each field, and of each entry of it (`env.PORT`), where there is a file with lines.
    let lines: [TextKey: Int]

    init(name: String, fields: [TextKey: JSONValue], lines: [TextKey: Int] = [:]) {
        self.name = name
        self.fields = fields
        self.lines = lines
    }

    /// What a field is to be; nil where the file leaves it alone.
    func wish(for field: TaskField) -> JSONValue? {
        if let value = fields[field.key] { return value }
        if case .value(let value) = field.otherwise { return value }
        return nil
    }

    /// The tasks of the same file that it depends on, and ids of others, as they are written.
    package var dependencies: [String] { (fields["dependencies"]?.elements ?? []).compactMap(\.textValue) }

    /// Where a field, or an entry of one, stands; the task itself where the field does not.
    ///
    /// - Parameter place: the way to it: `["env", "PORT"]`.
    package func line(of place: [String]) -> Int? {
        let known = (0..<place.count).lazy.compactMap { lines[TextKey(place.dropLast($0).joined(separator: "."))] }
        return known.first ?? lines["name"]
    }
}
