/// How long and how large the fields of a task may be: what the readers of requests enforce is what the description of
/// the API tells. Texts count Unicode scalars.
package enum TaskLimits {
    package static let name = 1...255
    package static let description = 0...1000
    package static let schedule = 1...255
    package static let timezone = 1...50
    /// Seconds.
    package static let jitter = 0...86_400
    /// Seconds.
    package static let misfireGrace = 0...86_400
    /// Seconds that one attempt may take.
    package static let timeout = 1...86_400
    package static let maxRetries = 0...10
    /// Seconds.
    package static let retryDelay = 0...86_400
    package static let priority = 1...10
    /// Labels that one task may require; `Node.labelLength` is the length of each.
    package static let mostRequired = 20
    package static let tag = 1...64
    /// Tags of one task.
    package static let mostTags = 50
}

/// The same of what a command task asks for.
extension TaskLimits {
    package static let command = 1...10_000
    /// Variables of one command.
    package static let mostVariables = 100
    package static let variableName = 1...128
    package static let workingDirectory = 1...4096
    /// Bytes that are kept of each stream.
    package static let outputBytes = 102_400...16_777_216
    /// The bytes of each stream that are kept where nobody says how many.
    package static let usualOutputBytes = 1_048_576
    /// Seconds of processor time.
    package static let cpuSeconds = 1...86_400
    package static let memoryBytes = 16_777_216...Int.max
    package static let openFiles = 16...65_536
    package static let processes = 1...4096
    /// The nice value.
    package static let nice = 0...19
}
