import EmbeddedPostgres
import Executor
import Logging
import Operations
import Postgres
import ServiceLifecycle
import Storage

/// Keeps the private cluster running, and closes the pools when everything else has stopped.
struct DatabaseService: Service {
    let server: PostgresServer?
    let pools: [PostgresPool]

    func run() async throws {
        await cancelWhenGracefulShutdown {
            if let server {
                await server.run()
            } else {
                // Nothing to keep: the pools reconnect by themselves.
                await WaitForEver.untilCancelled()
            }
        }
        for pool in pools { await pool.close() }
        await server?.stop()
    }
}

/// Sends what is announced.
struct AnnouncerService: Service {
    let announcer: Announcer
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await announcer.run { error in
                logger.debug("Announcements could not be sent", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Keeps an executor alive, and has it end when the runs are over.
struct ExecutorService: Service {
    let executor: ExecutorClient

    func run() async throws {
        await cancelWhenGracefulShutdown { await executor.supervise() }
    }
}

/// The last of the services, so the first to hear that the server stops: probes are told at once.
struct StoppingMark: Service {
    let parts: ServerParts

    func run() async throws {
        await cancelWhenGracefulShutdown { await WaitForEver.untilCancelled() }
        parts.beginStopping()
    }
}

private enum WaitForEver {
    static func untilCancelled() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }
}
