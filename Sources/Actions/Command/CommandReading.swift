import Domain
import Executor

/// Takes the members one by one, and gathers every fault on the way.
struct CommandReading {
    let parameters: [TextKey: JSONValue]
    var faults: [InputFault] = []

    mutating func command() -> String? {
        guard let value = parameters["command"] else {
            faults.append(InputFault(["command"], "a command task needs a command", type: "missing"))
            return nil
        }
        guard case .string(let command) = value else {
            faults.append(InputFault(["command"], "must be a string", type: "string_type"))
            return nil
        }
        if command.utf8.contains(0) {
            faults.append(InputFault(["command"], "must not hold a NUL character"))
        } else if command.unicodeScalars.count > TaskLimits.command.upperBound {
            faults.append(InputFault(["command"], "must have at most 10,000 characters", type: "string_too_long"))
        } else if command.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            faults.append(InputFault(["command"], "must not be empty", type: "string_too_short"))
        }
        return command
    }

    mutating func secretNames() -> [String] {
        guard let value = parameters["secret_env"] else { return [] }
        guard case .array(let elements) = value else {
            faults.append(InputFault(["secret_env"], "must be an array of strings", type: "list_type"))
            return []
        }
        // One fault tells of all that are too many, before each is looked at.
        guard elements.count <= TaskLimits.mostVariables else {
            faults.append(
                InputFault(["secret_env"], "must have at most \(TaskLimits.mostVariables) entries", type: "too_long"))
            return []
        }
        let variables: [TextKey: JSONValue] = if case .object(let members) = parameters["env"] { members } else { [:] }
        var names: [TextKey] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let name) = element else {
                faults.append(InputFault(["secret_env", .index(index)], "must be a string", type: "string_type"))
                continue
            }
            if variables[TextKey(name)] == nil {
                faults.append(InputFault(["secret_env", .index(index)], "must be a name that env holds"))
            } else if !names.contains(TextKey(name)) {
                names.append(TextKey(name))
            }
        }
        return names.map(\.text)
    }

    mutating func environment(secretNames: [String]) -> [String: String] {
        guard let value = parameters["env"] else { return [:] }
        guard case .object(let members) = value else {
            faults.append(InputFault(["env"], "must be an object of strings", type: "dict_type"))
            return [:]
        }
        guard members.count <= TaskLimits.mostVariables else {
            faults.append(
                InputFault(["env"], "must have at most \(TaskLimits.mostVariables) entries", type: "too_long"))
            return [:]
        }
        let secret = Set(secretNames.map { TextKey($0) })
        var environment: [String: String] = [:]
        var size = 0
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where !(value == .null && secret.contains(name)) {
            guard let text = entry(name.text, value) else { continue }
            environment[name.text] = text
            size += name.text.utf8.count + text.utf8.count
        }
        if size > CommandParameters.environmentLimit {
            faults.append(InputFault.tooMuchEnvironment)
        }
        return environment
    }

    private mutating func entry(_ name: String, _ value: JSONValue) -> String? {
        let place: [InputFault.Step] = ["env", .key(name)]
        guard Self.isVariableName(name) else {
            faults.append(
                InputFault(
                    place, "a name has letters, digits and '_', begins with no digit and has at most 128 characters"))
            return nil
        }
        guard !name.hasPrefix("QKRON_") else {
            faults.append(InputFault(place, "names that begin with QKRON_ are set by qkron itself"))
            return nil
        }
        guard case .string(let text) = value else {
            let hint = value == .null ? "; null keeps the stored value of a name that stays in secret_env" : ""
            faults.append(InputFault(place, "must be a string\(hint)", type: "string_type"))
            return nil
        }
        guard !text.utf8.contains(0) else {
            faults.append(InputFault(place, "must not hold a NUL character"))
            return nil
        }
        return text
    }

    private static func isVariableName(_ name: String) -> Bool {
        guard TaskLimits.variableName.contains(name.utf8.count) else { return false }
        return name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
            default: false
            }
        }
    }

    mutating func workingDirectory() -> String? {
        guard let value = parameters["working_directory"], value != .null else { return nil }
        guard case .string(let path) = value else {
            faults.append(InputFault(["working_directory"], "must be a string", type: "string_type"))
            return nil
        }
        if path.utf8.contains(0) {
            faults.append(InputFault(["working_directory"], "must not hold a NUL character"))
        } else if path.utf8.first != UInt8(ascii: "/") {
            faults.append(InputFault(["working_directory"], "must be an absolute path, beginning with '/'"))
        } else if path.utf8.count > TaskLimits.workingDirectory.upperBound {
            faults.append(
                InputFault(["working_directory"], "must have at most 4096 characters", type: "string_too_long"))
        }
        return path
    }

    mutating func outputLimit() -> Int {
        guard let value = parameters["max_output_bytes"] else { return TaskLimits.usualOutputBytes }
        guard case .integer(let bytes) = value else {
            faults.append(InputFault(["max_output_bytes"], "must be an integer", type: "int_type"))
            return 0
        }
        if !TaskLimits.outputBytes.contains(bytes) {
            faults.append(InputFault(["max_output_bytes"], "must be from 102,400 to 16,777,216"))
        }
        return bytes
    }

    mutating func limits() -> RunLimits {
        guard let value = parameters["limits"] else { return .none }
        guard case .object(let members) = value else {
            faults.append(InputFault(["limits"], "must be an object", type: "dict_type"))
            return .none
        }
        let known = Set(RunLimits.ranges.map { TextKey($0.name) })
        for name in members.keys.sorted().prefix(InputFault.limit) where !known.contains(name) {
            let names = RunLimits.ranges.map(\.name).joined(separator: ", ")
            faults.append(
                InputFault(["limits", .key(name.text)], "is no limit; there are: \(names)", type: "extra_forbidden"))
        }
        var limits = RunLimits.none
        for (name, range, path) in RunLimits.ranges {
            guard let value = members[TextKey(name)] else { continue }
            guard case .integer(let number) = value else {
                faults.append(InputFault(["limits", .key(name)], "must be an integer", type: "int_type"))
                continue
            }
            if range.contains(number) {
                limits[keyPath: path] = number
            } else {
                let message =
                    range.upperBound == .max
                    ? "must be at least \(range.lowerBound)" : "must be from \(range.lowerBound) to \(range.upperBound)"
                faults.append(InputFault(["limits", .key(name)], message, type: "out_of_range"))
            }
        }
        return limits
    }
}

extension RunLimits {
    /// The members of `limits`, each with its range and its place here.
    static var ranges: [(name: String, range: ClosedRange<Int>, path: WritableKeyPath<RunLimits, Int?>)] {
        [
            ("cpu_seconds", TaskLimits.cpuSeconds, \.cpuSeconds),
            ("memory_bytes", TaskLimits.memoryBytes, \.memoryBytes),
            ("open_files", TaskLimits.openFiles, \.openFiles), ("processes", TaskLimits.processes, \.processes),
            ("nice", TaskLimits.nice, \.nice),
        ]
    }

    /// The limits as they are stored.
    var members: [TextKey: JSONValue] {
        Self.ranges.reduce(into: [:]) { members, limit in
            members[TextKey(limit.name)] = self[keyPath: limit.path].map(JSONValue.integer)
        }
    }
}

extension InputFault {
    /// All names and values of an environment together are too long.
    package static let tooMuchEnvironment = InputFault(["env"], "must hold at most 64 KiB in all", type: "too_long")
}
