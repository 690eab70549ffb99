import Foundation

/// Where settings come from, in order of precedence.
struct SettingSource: Sendable {
    private let flags: [Setting: String]
    private let environment: [String: String]
    private let dotEnv: DotEnv

    /// The source of a command: its flags, the process's environment, and `.env` in the working directory.
    static func ofProcess(flags: [Setting: String]) -> SettingSource {
        SettingSource(flags: flags, environment: ProcessInfo.processInfo.environment, dotEnv: DotEnv(path: ".env"))
    }

    /// What is wrong with the source itself, whichever settings are asked of it.
    var faults: [String] { dotEnv.faults }

    /// The value of a key, and the name under which it was found.
    ///
    /// - Throws: `ConfigurationError` if the file that `KEY_FILE` names cannot be read.
    func value(_ setting: Setting) throws(ConfigurationError) -> (text: String, name: String)? {
        if let flag = setting.flag, let text = flags[setting] { return (text, flag) }
        let prefixed = "QKRON_\(setting.rawValue)"
        for (name, values) in [
            (prefixed, environment), (setting.rawValue, environment), (prefixed, dotEnv.values),
            (setting.rawValue, dotEnv.values),
        ] {
            if let text = values[name] { return (text, name) }
            if let path = values["\(name)_FILE"] {
                return (try Self.contents(of: path, name: "\(name)_FILE"), "\(name)_FILE")
            }
        }
        return nil
    }

    /// The files that settings come from: `.env`, and those that `KEY_FILE` names.
    var files: [String] {
        let names = Setting.allCases.flatMap { ["\($0.rawValue)_FILE", "QKRON_\($0.rawValue)_FILE"] }
        return dotEnv.paths + names.flatMap { name in [environment, dotEnv.values].compactMap { $0[name] } }
    }

    /// Names that begin with `QKRON_` and mean nothing here.
    var unknownNames: [String] {
        let known = Set(Setting.allCases.flatMap { ["QKRON_\($0.rawValue)", "QKRON_\($0.rawValue)_FILE"] })
            .union(ClientOptions.variables).union(["QKRON_BUILD_CONFIGURATION", Reload.variable])
        return Set(environment.keys).union(dotEnv.values.keys)
            .filter { $0.hasPrefix("QKRON_") && !known.contains($0) }
            .sorted()
    }

    private static func contents(of path: String, name: String) throws(ConfigurationError) -> String {
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return text.hasSuffix("\n") ? String(text.dropLast()) : text
        } catch {
            throw ConfigurationError(faults: ["\(name) names the file \(path), which cannot be read"])
        }
    }
}

/// Everything wrong with the configuration.
struct ConfigurationError: Error, CustomStringConvertible {
    let faults: [String]

    var description: String {
        "The configuration cannot be used:\n" + faults.map { "  - \($0)" }.joined(separator: "\n")
    }
}
