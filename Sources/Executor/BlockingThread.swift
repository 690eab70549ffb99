import CLinux

/// Runs what blocks on a thread of its own, off the pool that all tasks share.
enum BlockingThread {
    /// Runs `body` and answers its value. Where the machine has no thread left it runs here: better to hold up a task
    /// than never to answer it.
    static func run<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let work: @Sendable () -> Void = { continuation.resume(with: Swift.Result(catching: body)) }
            do { try start(name, work) } catch { work() }
        }
    }

    /// Starts a thread that runs `body`.
    ///
    /// - Throws: `SystemCallError` where there can be none.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
        let argument = Unmanaged.passRetained(Body(body))
        let answer = qkron_thread_start(
            name,
            { raw in
                if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
            }, argument.toOpaque())
        if answer < 0 {
            argument.release()
            throw SystemCallError(call: "new thread", error: -answer)
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
