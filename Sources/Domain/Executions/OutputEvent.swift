/// What somebody who watches an execution is told.
package enum OutputEvent: Sendable, Equatable {
    /// A piece of a stream that begins so many bytes of text into it.
    case output(OutputChannel, offset: Int, text: String)
    /// So many bytes of a stream are left out here.
    case truncated(OutputChannel, bytes: Int)
    case status(ExecutionStatus, attempt: Int)
    case end(ExecutionStatus, Reason?, returnCode: Int?)
}

/// How far somebody has watched an execution: what a later watch goes on after.
package struct OutputBookmark: Sendable, Equatable {
    /// The attempt whose output was seen; 0 before the first.
    package var attempt = 0
    /// Bytes of text of each stream.
    package var stdout = 0
    package var stderr = 0
    /// The status that was told last, of this attempt.
    package var status: ExecutionStatus?
    /// Whether the end was told: nothing comes after it.
    package var hasEnded = false

    /// The beginning.
    package init() {}

    /// The beginning of an attempt's output.
    package init(attempt: Int) {
        self.attempt = attempt
    }

    /// Reads what `text` gives; nil for anything else.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 4 || (parts.count == 5 && parts[4] == Self.endMark), let attempt = Int(parts[0]),
            let stdout = Int(parts[1]), let stderr = Int(parts[2]),
            attempt >= 0, stdout >= 0, stderr >= 0
        else { return nil }
        (self.attempt, self.stdout, self.stderr) = (attempt, stdout, stderr)
        hasEnded = parts.count == 5
        guard parts[3] != "-" else {
            if hasEnded { return nil }
            return
        }
        guard let status = ExecutionStatus(rawValue: parts[3]), status.isEnd || !hasEnded else { return nil }
        self.status = status
    }

    private static let endMark = "end"

    /// The bookmark as an event's id.
    package var text: String {
        "\(attempt).\(stdout).\(stderr).\(status?.rawValue ?? "-")\(hasEnded ? ".\(Self.endMark)" : "")"
    }

    /// How far a stream was seen.
    package subscript(stream: OutputChannel) -> Int {
        get { stream == .stdout ? stdout : stderr }
        set { if stream == .stdout { stdout = newValue } else { stderr = newValue } }
    }
}
