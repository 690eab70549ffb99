import EmbeddedPostgres
import Engine
import Executor
import Glibc
import Logging
import Operations
import ServiceLifecycle
import Storage

/// Keeps the private cluster running, and stops it with the server; the next one finds it as it is.
struct DatabaseService: Service {
    let server: PostgresServer
    let handover: Handover

    func run() async throws {
        await cancelWhenGracefulShutdown { await server.run() }
        if !handover.isUnderWay { await server.stop() }
    }
}

/// Asks the database how it is, when somebody wants to know.
struct ProbeService: Service {
    let probe: DatabaseProbe

    func run() async throws {
        await cancelWhenGracefulShutdown { await probe.run() }
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

/// The last of the services, so the first to hear that the server stops: probes are told at once, unless the next one
/// goes on where this one ends.
struct StoppingMark: Service {
    let parts: ServerParts
    let handover: Handover

    func run() async throws {
        await cancelWhenGracefulShutdown { await WaitForEver.untilCancelled() }
        if !handover.isUnderWay { parts.beginStopping() }
    }
}

/// Stops the server as soon as it runs: the signal came while it took over from another.
struct ImmediateStop: Service {
    func run() async throws {
        kill(getpid(), SIGTERM)
        await cancelWhenGracefulShutdown { await WaitForEver.untilCancelled() }
    }
}

private enum WaitForEver {
    static func untilCancelled() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }
}
