import Domain

/// What a command task does: the parameters of the kind `command`.
package struct CommandParameters: Sendable, Equatable {
    /// Shell text, 1 to 10,000 characters.
    package let command: String
    package let environment: [String: String]
    /// Absolute; nil is the home directory of the user it runs as.
    package let workingDirectory: String?
    /// Bytes kept of each output stream.
    package let outputLimit: Int

    /// Reads the members `command`, `env`, `working_directory` and `max_output_bytes`; others are ignored.
    ///
    /// - Throws: every fault found.
    package init(_ parameters: [String: JSONValue]) throws(InputFaults) {
        var reading = Reading(parameters: parameters)
        let command = reading.command()
        let environment = reading.environment()
        let workingDirectory = reading.workingDirectory()
        let outputLimit = reading.outputLimit()
        guard reading.faults.isEmpty, let command else { throw InputFaults(reading.faults) }
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.outputLimit = outputLimit
    }

    /// The parameters as they are stored: complete.
    package var members: [String: JSONValue] {
        [
            "command": .string(command),
            "env": .object(environment.mapValues(JSONValue.string)),
            "working_directory": workingDirectory.map(JSONValue.string) ?? .null,
            "max_output_bytes": .integer(outputLimit),
        ]
    }

    /// The first word of the command as the shell reads it, which `ALLOWED_COMMANDS` may name: blanks before it are
    /// skipped, and it ends at a blank or an operator (POSIX.1-2024, Shell Command Language, 2.3). Quotes are part of it.
    package var firstWord: Substring {
        Substring(command.utf8.drop(while: Self.blanks.contains).prefix { !Self.ends.contains($0) })
    }

    private static let blanks = Set(" \t\n".utf8)
    private static let ends = blanks.union(";&|<>()".utf8)
}

private struct Reading {
    let parameters: [String: JSONValue]
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
        if command.unicodeScalars.contains("\0") {
            faults.append(InputFault(["command"], "must not hold a NUL character"))
        } else if command.allSatisfy(\.isWhitespace) {
            faults.append(InputFault(["command"], "must not be empty", type: "string_too_short"))
        } else if command.unicodeScalars.count > 10_000 {
            faults.append(InputFault(["command"], "must have at most 10,000 characters", type: "string_too_long"))
        }
        return command
    }

    mutating func environment() -> [String: String] {
        guard let value = parameters["env"] else { return [:] }
        guard case .object(let members) = value else {
            faults.append(InputFault(["env"], "must be an object of strings", type: "dict_type"))
            return [:]
        }
        guard members.count <= 100 else {
            faults.append(InputFault(["env"], "must have at most 100 entries", type: "too_long"))
            return [:]
        }
        var environment: [String: String] = [:]
        var size = 0
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let text = entry(name, value) else { continue }
            environment[name] = text
            size += name.utf8.count + text.utf8.count
        }
        if size > 64 * 1024 { faults.append(InputFault(["env"], "must hold at most 64 KiB in all", type: "too_long")) }
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
            faults.append(InputFault(place, "must be a string", type: "string_type"))
            return nil
        }
        guard !text.unicodeScalars.contains("\0") else {
            faults.append(InputFault(place, "must not hold a NUL character"))
            return nil
        }
        return text
    }

    private static func isVariableName(_ name: String) -> Bool {
        guard (1...128).contains(name.utf8.count) else { return false }
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
        if path.unicodeScalars.contains("\0") {
            faults.append(InputFault(["working_directory"], "must not hold a NUL character"))
        } else if !path.hasPrefix("/") {
            faults.append(InputFault(["working_directory"], "must be an absolute path, beginning with '/'"))
        } else if path.utf8.count > 4096 {
            faults.append(
                InputFault(["working_directory"], "must have at most 4096 characters", type: "string_too_long"))
        }
        return path
    }

    mutating func outputLimit() -> Int {
        guard let value = parameters["max_output_bytes"] else { return 1_048_576 }
        guard case .integer(let bytes) = value else {
            faults.append(InputFault(["max_output_bytes"], "must be an integer", type: "int_type"))
            return 0
        }
        if !(102_400...16_777_216).contains(bytes) {
            faults.append(InputFault(["max_output_bytes"], "must be from 102,400 to 16,777,216"))
        }
        return bytes
    }
}
