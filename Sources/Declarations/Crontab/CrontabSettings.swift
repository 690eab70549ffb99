import Domain
import Scheduling

/// What the lines so far have set for the commands that follow.
struct CrontabSettings {
    private var timezone: Zone
    private var environment: [TextKey: String] = [:]
    private var shell = Self.ownShell
    private var jitter = 0

    private static let ownShell = "/bin/sh"
    private static let longest = TaskLimits.timeout.upperBound

    private enum Zone {
        case known(ZoneRules)
        /// The file names one on this line that is none.
        case refused(line: Int)
    }

    init(timezone: ZoneRules) {
        self.timezone = .known(timezone)
    }

    /// The zone of the times of the lines that follow.
    ///
    /// - Throws: `CrontabFault` where the file names one that is none: another would be a guess.
    var zone: ZoneRules {
        get throws(CrontabFault) {
            switch timezone {
            case .known(let zone): return zone
            case .refused(let line):
                throw CrontabFault("CRON_TZ of line \(line) names no zone, so it is unknown when this would run.")
            }
        }
    }

    /// Takes a variable up that stands on a line; says what becomes of it.
    mutating func set(_ variable: CrontabVariable, line: Int) -> (CrontabLine.Meaning, notes: [String]) {
        let value = variable.value
        switch variable.name {
        case "MAILTO", "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING":
            return (.variable, ["No mail is sent: what a run writes is kept with it ('qkron task logs')."])
        case "CRON_TZ":
            guard let zone = try? ZoneRules.named(value) else {
                timezone = .refused(line: line)
                return (.refused("'\(value)' is not a zone of the tz database."), [])
            }
            timezone = .known(zone)
            return (.variable, ["The times that follow are those of \(zone.name), and so is the TZ of the commands."])
        case "TZ":
            environment["TZ"] = value
            // Where the zone is unknown, the lines that follow say so.
            let times = (try? zone).map { "stay those of \($0.name)" } ?? "do not follow it"
            return (.variable, ["TZ is for the commands alone; the times \(times) (CRON_TZ sets them)."])
        case "SHELL":
            shell = value
            let isOwn = value == Self.ownShell
            return (.variable, isOwn ? [] : ["The commands that follow are handed to \(value) by /bin/sh."])
        case "RANDOM_DELAY":
            guard let minutes = Int(value), (0...Self.longest / 60).contains(minutes) else {
                return (.refused("RANDOM_DELAY must be a number of minutes up to \(Self.longest / 60)."), [])
            }
            jitter = minutes * 60
            return (.variable, ["Runs start up to \(minutes) min late (jitter), never past the next one."])
        case "LOGNAME", "USER":
            return (.variable, ["It stays what the user is called that RUN_AS of the server names."])
        case "START_HOURS_RANGE":
            return (.refused("START_HOURS_RANGE is for anacron, and has no meaning here."), [])
        default: return setPlain(variable)
        }
    }

    private mutating func setPlain(_ variable: CrontabVariable) -> (CrontabLine.Meaning, notes: [String]) {
        let letters = variable.name.utf8
        let isPlain =
            letters.allSatisfy { $0 == UInt8(ascii: "_") || Self.isLetter($0) || Self.isDigit($0) }
            && letters.first.map(Self.isDigit) == false
        guard isPlain, !variable.name.hasPrefix("QKRON_") else {
            return (.refused("'\(variable.name)' cannot be the name of a variable here."), [])
        }
        environment[TextKey(variable.name)] = variable.value
        let isExpanded = variable.value.contains("$") && variable.name != "PATH"
        return (.variable, isExpanded ? ["'$' stays as it is, as under most crons."] : [])
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The task that does what cron does: no second attempt, no limit but the longest there is, runs beside each other,
    /// and nothing made up for.
    ///
    /// - Throws: `CrontabFault` where the zone is none.
    func task(for entry: CrontabEntry, named name: String) throws(CrontabFault) -> DeclaredTask {
        var fields: [TextKey: JSONValue] = [
            "name": .string(name), "command": .string(command(of: entry)), "schedule_type": "cron",
            "schedule": .string(entry.schedule), "timezone": .string(try zone.name), "max_retries": 0,
            "timeout": .integer(Self.longest), "overlap_policy": "allow", "misfire_policy": "skip",
            "env": .object(environment.mapValues(JSONValue.string)),
        ]
        if jitter > 0 { fields["jitter"] = .integer(jitter) }
        // cron goes to HOME first.
        if let home = environment["HOME"], home.hasPrefix("/") { fields["working_directory"] = .string(home) }
        return DeclaredTask(name: name, fields: fields)
    }

    private func command(of entry: CrontabEntry) -> String {
        let isOwn = shell == Self.ownShell
        let command = isOwn ? entry.command : "\(Self.quoted(shell)) -c \(Self.quoted(entry.command))"
        guard let input = entry.input else { return command }
        let lines = input.split(separator: "\n", omittingEmptySubsequences: false)
        var mark = "INPUT"
        while lines.contains(where: { $0 == mark }) { mark += "_" }
        let text = input.hasSuffix("\n") ? input : input + "\n"
        return "{ \(command)\n} <<'\(mark)'\n\(text)\(mark)"
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
