import ArgumentParser
import Client
import Domain
import Foundation

/// The flags that give a task its fields.
struct TaskFields: ParsableArguments {
    @Option(help: "What runs: a line for /bin/sh.")
    var command: String?
    @Option(help: "A cron expression of five or six fields, or a macro such as @daily.")
    var cron: String?
    @Option(help: "An interval such as 5m or 1h30m.")
    var every: String?
    @Option(help: "Once, at a date and time such as 2026-03-01T02:30:00, or at the next match of a cron expression.")
    var at: String?
    @Option(name: [.long, .customLong("tz")], help: "The zone of the schedule, of the tz database.")
    var timezone: String?
    @Option(help: "What to do with local times that the clock skips or repeats: standard, skip, once or twice.")
    var dstPolicy: String?
    @Option(help: "No slots before this time; '' takes it away.")
    var startsAt: String?
    @Option(help: "No slots from this time on; '' takes it away.")
    var endsAt: String?
    @Option(help: "Seconds within which starts are spread.")
    var jitter: Int?
    @Option(help: "What becomes of missed slots: fire_once, skip or fire_all.")
    var misfire: String?
    @Option(help: "What becomes of a run that meets another: skip, queue, allow or cancel_previous.")
    var overlap: String?
    @Option(help: "Seconds that an attempt may take.")
    var timeout: Int?
    @Option(help: "Further attempts after a failed one.")
    var retries: Int?
    @Option(help: "Seconds between attempts.")
    var retryDelay: Int?
    @Option(help: "fixed, or exponential: the delay doubles.")
    var retryBackoff: String?
    @Option(help: "1 to 10; the higher goes first.")
    var priority: Int?
    @Option(help: "A variable for the command, NAME=VALUE; may be given several times.")
    var env: [String] = []
    @Option(
        help: "A secret variable, whose value is that of this command's own environment; may be given several times.")
    var secretEnv: [String] = []
    @Option(help: "The directory that the command runs in; '' for the usual one.")
    var workingDirectory: String?
    @Option(help: "A tag; may be given several times.")
    var tag: [String] = []
    @Option(help: "A label that a server must carry to run it; may be given several times.")
    var requires: [String] = []
    @Option(help: "A task that must have completed before; its name or id; may be given several times.")
    var dependsOn: [String] = []
    @Option(
        name: .customLong("callback-url"),
        help: "Where the end of each run is told: an http or https address; '' for nobody.")
    var callbackURL: String?
    @Option(help: "A text about the task.")
    var description: String?
    @Option(help: "A JSON file of fields, as the API has them; '-' is standard input. Flags win over it.")
    var file: String?

    /// What an empty text takes away: as a value it would be none.
    private static let emptied: Set<TextKey> = ["starts_at", "ends_at", "working_directory", "callback_url"]

    func validate() throws {
        guard [cron, every, at].compactMap(\.self).count <= 1 else {
            throw ValidationError("Give one of --cron, --every and --at.")
        }
        if let wrong = env.first(where: { !$0.contains("=") }) {
            throw ValidationError("--env reads NAME=VALUE, not '\(wrong)'.")
        }
    }

    /// The fields, as the API takes them.
    ///
    /// - Throws: `CommandError`, and what finding the tasks it depends on throws.
    func members(on server: RemoteServer) async throws -> [TextKey: JSONValue] {
        var members = try file.map(Self.members(inFile:)) ?? [:]
        let texts: [(TextKey, String?)] = [
            ("command", command), ("schedule", cron ?? every ?? at), ("timezone", timezone), ("dst_policy", dstPolicy),
            ("starts_at", startsAt), ("ends_at", endsAt), ("misfire_policy", misfire), ("overlap_policy", overlap),
            ("retry_backoff", retryBackoff), ("working_directory", workingDirectory), ("description", description),
            ("callback_url", callbackURL),
            ("schedule_type", cron != nil ? "cron" : every != nil ? "interval" : at != nil ? "once" : nil),
        ]
        for case (let key, let text?) in texts {
            members[key] = text.isEmpty && Self.emptied.contains(key) ? .null : .string(text)
        }
        let numbers: [(TextKey, Int?)] = [
            ("jitter", jitter), ("timeout", timeout), ("max_retries", retries), ("retry_delay", retryDelay),
            ("priority", priority),
        ]
        for case (let key, let number?) in numbers { members[key] = .integer(number) }
        for case (let key, let list) in [("tags", tag), ("requires", requires)] as [(TextKey, [String])]
        where !list.isEmpty {
            members[key] = .array(list.map(JSONValue.string))
        }
        if !env.isEmpty || !secretEnv.isEmpty { try setEnvironment(of: &members) }
        if !dependsOn.isEmpty {
            var ids: [JSONValue] = []
            for task in dependsOn { ids.append(.string("\(try await TaskChoice.id(of: task, on: server))")) }
            members["dependencies"] = .array(ids)
        }
        return members
    }

    private func setEnvironment(of members: inout [TextKey: JSONValue]) throws {
        var variables: [TextKey: JSONValue] = [:]
        if case .object(let known)? = members["env"] { variables = known }
        for pair in env {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[TextKey(String(parts[0]))] = .string(String(parts[1]))
        }
        let own = ProcessInfo.processInfo.environment
        for name in secretEnv {
            guard let value = own[name] else {
                throw CommandError(description: "--secret-env \(name): this command has no such variable itself.")
            }
            variables[TextKey(name)] = .string(value)
        }
        members["env"] = .object(variables)
        if !secretEnv.isEmpty {
            let known = members["secret_env"]?.elements ?? []
            members["secret_env"] = .array(known + secretEnv.map(JSONValue.string).filter { !known.contains($0) })
        }
    }

    private static func members(inFile path: String) throws -> [TextKey: JSONValue] {
        do {
            let value = try JSONValue.parse(Array(try InputFile.text(of: path).utf8), duplicateKeys: .refused)
            guard case .object(let members) = value else {
                throw CommandError(description: "\(path) holds no JSON object.")
            }
            return members
        } catch let error as JSONError {
            throw CommandError(description: "\(path) is no JSON: \(error).")
        }
    }
}
