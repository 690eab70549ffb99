import Domain

/// Told how many waiting executions a request has cancelled, by the kind of their tasks; what runs is told of when it
/// ends.
package typealias CancellationObserver = @Sendable (_ ended: [ActionKind: Int]) -> Void
