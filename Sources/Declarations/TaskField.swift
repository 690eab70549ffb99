import Domain

/// A field of a task that a file may hold: how it is read, and what it is where the file does not say. What values it
/// may have are the server's rules, which `TaskJudge` has.
struct TaskField: Sendable {
    enum Kind: Sendable, Equatable {
        case text
        case whole
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

    /// All that are known, in the order in which people read them.
    static let all: [TaskField] = [
        TaskField("name", .text, .required),
        TaskField("description", .text, .value(nil)),
        TaskField("task_type", .text, .value("command")),
        TaskField("command", .text, .required),
        TaskField("schedule_type", .text, .value("cron")),
        TaskField("schedule", .text, .required),
        TaskField("timezone", .text, .value("UTC")),
        TaskField("dst_policy", .text, .value("standard")),
        TaskField("starts_at", .moment, .value(nil)),
        TaskField("ends_at", .moment, .value(nil)),
        TaskField("jitter", .whole, .value(0)),
        TaskField("misfire_policy", .text, .value("fire_once")),
        TaskField("misfire_grace", .whole, .value(60)),
        TaskField("overlap_policy", .text, .value("skip")),
        TaskField("timeout", .whole, .value(300)),
        TaskField("max_retries", .whole, .value(3)),
        TaskField("retry_delay", .whole, .leftAlone),
        TaskField("retry_backoff", .text, .value("fixed")),
        TaskField("priority", .whole, .value(5)),
        TaskField("env", .variables, .value([:])),
        TaskField("secret_env", .set, .value([])),
        TaskField("working_directory", .text, .value(nil)),
        TaskField("limits", .object, .value([:])),
        TaskField("requires", .set, .value([])),
        TaskField("max_output_bytes", .whole, .value(.integer(TaskLimits.usualOutputBytes))),
        TaskField("dependencies", .tasks, .value(nil)),
        TaskField("callback_url", .text, .value(nil)),
        TaskField("tags", .set, .value([])),
        TaskField("metadata_info", .object, .value(nil)),
        TaskField("is_active", .truth, .leftAlone),
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}
