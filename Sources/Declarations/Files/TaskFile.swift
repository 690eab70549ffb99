import Domain
import Foundation
import Yams

/// A file of tasks, in YAML or JSON: perhaps its `name`, and `tasks`, a list of fields as the API has them.
package struct TaskFile: Sendable {
    /// What it calls itself; nil where it does not.
    package let name: String?
    package let tasks: [DeclaredTask]

    /// Reads `text`, the content of the file at `path`.
    ///
    /// - Throws: `FileFaults`, with everything that is wrong with it.
    package init(_ text: String, path: String, judge: TaskJudge) throws(FileFaults) {
        var reader = TaskFileReader(judge: judge)
        reader.read(text)
        guard reader.faults.isEmpty else { throw FileFaults(path: path, faults: reader.faults.inOrder) }
        name = reader.name
        tasks = reader.tasks
    }
}

/// Reads a file of tasks, and notes what is wrong with it.
struct TaskFileReader {
    private(set) var name: String?
    private(set) var tasks: [DeclaredTask] = []
    private(set) var faults: [FileFaults.Fault] = []
    /// Whether every task has a name that can be read, so that it can be told which others there are.
    private var knowsAllNames = true
    /// Where the tasks stand, one for each.
    private var places: [String] = []
    private let judge: TaskJudge

    private static let longestName = 59

    init(judge: TaskJudge) {
        self.judge = judge
    }

    mutating func read(_ text: String) {
        do {
            guard let root = try Yams.compose(yaml: text) else { return note(1, "the file is empty") }
            file(root)
            judgeTogether()
        } catch let error as YamlError {
            faults.append(FileFaults.Fault(error))
        } catch {
            note(nil, "it is no YAML: \(error)")
        }
    }

    private mutating func note(_ line: Int?, _ sentence: String) {
        faults.append(FileFaults.Fault(line: line, sentence: sentence))
    }

    private mutating func file(_ root: YAMLNode) {
        guard let mapping = root.mapping else {
            return note(root.mark?.line, "a file of tasks is a mapping with the key 'tasks'")
        }
        var hasTasks = false
        for (key, value) in mapping {
            switch key.scalar?.string {
            case "name": readName(value)
            case "tasks":
                hasTasks = true
                list(value)
            case let other:
                note(key.mark?.line, "'\(other ?? "?")' is not known here; allowed: name, tasks")
            }
        }
        if !hasTasks { note(root.mark?.line, "the key 'tasks' is missing") }
    }

    private mutating func readName(_ node: YAMLNode) {
        guard let text = node.scalar?.string, (1...Self.longestName).contains(text.unicodeScalars.count) else {
            return note(node.mark?.line, "name: must be a text of 1 to \(Self.longestName) characters")
        }
        name = text
    }

    private mutating func list(_ node: YAMLNode) {
        if node.null != nil { return }
        guard let items = node.sequence else { return note(node.mark?.line, "tasks: must be a list") }
        for (index, item) in items.enumerated() { task(item, "tasks[\(index)]") }
    }

    private mutating func task(_ node: YAMLNode, _ place: String) {
        guard let mapping = node.mapping else {
            knowsAllNames = false
            return note(node.mark?.line, "\(place): must be a mapping of fields")
        }
        var fields: [TextKey: JSONValue] = [:]
        var lines: [TextKey: Int] = [:]
        for (key, value) in Self.merged(mapping) {
            guard let text = key.scalar?.string, let field = TaskField.byKey[TextKey(text)] else {
                note(key.mark?.line, "\(place): '\(key.scalar?.string ?? "?")' is no field of a task")
                continue
            }
            lines.merge(Self.lines(of: value, field.key.text)) { first, _ in first }
            lines[field.key] = key.mark?.line
            do throws(FieldFault) {
                fields[field.key] = try FieldValue.read(value, field)
            } catch {
                note(error.line ?? value.mark?.line, "\(place).\(text): \(error.sentence)")
            }
        }
        judgeAlone(DeclaredTask(name: "", fields: fields, lines: lines), place)
        for field in TaskField.all where field.otherwise == .required && lines[field.key] == nil {
            note(node.mark?.line, "\(place): '\(field.key.text)' is missing")
        }
        guard let name = fields["name"]?.textValue else {
            knowsAllNames = false
            return
        }
        tasks.append(DeclaredTask(name: name, fields: fields, lines: lines))
        places.append(place)
    }

    /// The pairs of a mapping, with those of the mappings under its merge key `<<` that it does not have itself.
    private static func merged(_ mapping: YAMLNode.Mapping) -> [(YAMLNode, YAMLNode)] {
        var own = mapping.filter { $0.key.scalar?.string != "<<" }.map { ($0.key, $0.value) }
        for (key, value) in mapping where key.scalar?.string == "<<" {
            for source in value.sequence.map(Array.init) ?? [value] {
                guard let source = source.mapping else {
                    own.append((key, value))
                    break
                }
                let known = Set(own.map(\.0))
                own += merged(source).filter { !known.contains($0.0) }
            }
        }
        return own
    }

    /// The lines of the entries of a field.
    private static func lines(of value: YAMLNode, _ path: String) -> [TextKey: Int] {
        var lines: [TextKey: Int] = [:]
        for (key, entry) in value.mapping?.map({ ($0.key, $0.value) }) ?? [] {
            if let name = key.scalar?.string { lines[TextKey("\(path).\(name)")] = (key.mark ?? entry.mark)?.line }
        }
        for (index, entry) in (value.sequence.map(Array.init) ?? []).enumerated() {
            lines[TextKey("\(path).\(index)")] = entry.mark?.line
        }
        return lines
    }

    /// What the server would refuse of a task's fields.
    private mutating func judgeAlone(_ task: DeclaredTask, _ place: String) {
        for fault in task.faults(by: judge) {
            note(task.line(of: fault.path), "\(([place] + fault.path).joined(separator: ".")): \(fault.message)")
        }
    }

    /// What no task can tell by itself.
    private mutating func judgeTogether() {
        var known: [TextKey: String] = [:]
        for (task, place) in zip(tasks, places) {
            if let earlier = known.updateValue(place, forKey: TextKey(task.name)) {
                note(
                    task.line(of: ["name"]),
                    "\(place).name: '\(task.name)' is the name of \(earlier) too; each needs its own")
            }
        }
        for (task, place) in zip(tasks, places) where knowsAllNames {
            for (index, name) in task.dependencies.enumerated() where Identifier<TaskDefinition>(name) == nil {
                guard known[TextKey(name)] == nil else { continue }
                note(
                    task.line(of: ["dependencies", "\(index)"]),
                    "\(place).dependencies: '\(name)' is neither a task of this file nor an id")
            }
        }
        if faults.isEmpty, let circle = tasks.dependencyCircle {
            note(
                circle.line(of: ["dependencies"]),
                "'\(circle.name)' depends on itself, by way of other tasks or directly")
        }
    }
}

extension FileFaults.Fault {
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, sentence: "it is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            self.init(line: context.mark.line, sentence: "stands twice: \(keys.joined(separator: ", "))")
        case .reader(let problem, _, _, _): self.init(line: nil, sentence: "it is no YAML: \(problem)")
        default: self.init(line: nil, sentence: "it is no YAML")
        }
    }
}
