import Logging

/// How a loop goes on after a failure: it logs the first of a row, waits a little longer each time, and says when it is
/// well again.
struct LoopRecovery {
    private let name: String
    private let logger: Logger
    private var failures = 0

    init(_ name: String, logger: Logger) {
        self.name = name
        self.logger = logger
    }

    /// Whether the latest round failed.
    var isFailing: Bool { failures > 0 }

    /// Notes a failure.
    ///
    /// - Returns: how long to wait before the next round: 100 ms, doubling to 5 s.
    mutating func delay(after error: any Error) -> Duration {
        if failures == 0 {
            logger.error("A loop failed and tries again", metadata: ["loop": "\(name)", "error": "\(error)"])
        }
        failures = min(failures + 1, 7)
        return min(.milliseconds(100) * (1 << (failures - 1)), .seconds(5))
    }

    /// Notes a round that went well.
    mutating func succeed() {
        if isFailing { logger.notice("A loop is well again", metadata: ["loop": "\(name)"]) }
        failures = 0
    }
}
