import Domain

/// A field of a task that a file may hold: its type, and what it is where the file does not say.
struct TaskField: Sendable {
    enum Kind: Sendable, Equatable {
        case text(ClosedRange<Int>)
        case choice([String])
        case whole(ClosedRange<Int>)
        case truth
        case moment
        /// A list of texts whose order means nothing.
        case set
        case variables
        case object
        /// Ids, or names of tasks of the same file.
        case tasks
    }

    enum Otherwise: Sendable, Equatable {
        case required
        case value(JSONValue)
        /// The server decides, or a person: what it is does not count as a difference.
        case leftAlone
    }

    let key: TextKey
    let kind: Kind
    let otherwise: Otherwise

    /// Whether null is a value of its own.
    var isNullable: Bool { otherwise == .value(nil) }

    private init(_ key: TextKey, _ kind: Kind, _ otherwise: Otherwise) {
        self.key = key
        self.kind = kind
        self.otherwise = otherwise
    }

    private static let day = 86_400

    /// All that are known, in the order in which people read them.
    static let all: [TaskField] = [
        TaskField("name", .text(1...255), .required),
        TaskField("description", .text(0...1_000), .value(nil)),
        TaskField("task_type", .choice(["command"]), .value("command")),
        TaskField("command", .text(1...10_000), .required),
        TaskField("schedule_type", .choice(["cron", "interval", "once"]), .value("cron")),
        TaskField("schedule", .text(1...255), .required),
        TaskField("timezone", .text(1...50), .value("UTC")),
        TaskField("dst_policy", .choice(["standard", "skip", "once", "twice"]), .value("standard")),
        TaskField("starts_at", .moment, .value(nil)),
        TaskField("ends_at", .moment, .value(nil)),
        TaskField("jitter", .whole(0...day), .value(0)),
        TaskField("misfire_policy", .choice(["fire_once", "skip", "fire_all"]), .value("fire_once")),
        TaskField("misfire_grace", .whole(0...day), .value(60)),
        TaskField("overlap_policy", .choice(["skip", "queue", "allow", "cancel_previous"]), .value("skip")),
        TaskField("timeout", .whole(1...day), .value(300)),
        TaskField("max_retries", .whole(0...10), .value(3)),
        TaskField("retry_delay", .whole(0...day), .leftAlone),
        TaskField("retry_backoff", .choice(["fixed", "exponential"]), .value("fixed")),
        TaskField("priority", .whole(1...10), .value(5)),
        TaskField("env", .variables, .value([:])),
        TaskField("secret_env", .set, .value([])),
        TaskField("working_directory", .text(1...4_096), .value(nil)),
        TaskField("limits", .object, .value([:])),
        TaskField("requires", .set, .value([])),
        TaskField("max_output_bytes", .whole(102_400...16_777_216), .value(1_048_576)),
        TaskField("dependencies", .tasks, .value(nil)),
        TaskField("callback_url", .text(1...2_048), .value(nil)),
        TaskField("tags", .set, .value([])),
        TaskField("metadata_info", .object, .value(nil)),
        TaskField("is_active", .truth, .leftAlone),
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}
